/** A small bank, for tests of what goes on between accounts: every cent is accounted for. */
@NullMarked
package io.varve.client.eventsourcing.bank;

import org.jspecify.annotations.NullMarked;
