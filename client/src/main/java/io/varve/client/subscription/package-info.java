/**
 * The thread that a subscription runs on, and how it ends. Internal: not for users of the client.
 */
@NullMarked
package io.varve.client.subscription;

import org.jspecify.annotations.NullMarked;
