/**
 * The link to a server: channel, calls, retries, and the mapping between values and wire types.
 * Internal: not for users of the client. Nothing outside this package knows gRPC or the generated
 * types.
 */
@NullMarked
package io.varve.client.connection;

import org.jspecify.annotations.NullMarked;
