/**
 * What tests of event-sourced code stand on: an event store in memory that answers exactly as the
 * server does.
 */
@NullMarked
package io.varve.client.testkit;

import org.jspecify.annotations.NullMarked;
