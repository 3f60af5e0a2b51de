/** Events and snapshots as protobuf messages. */
@NullMarked
package io.varve.client.eventsourcing.protobuf;

import org.jspecify.annotations.NullMarked;
