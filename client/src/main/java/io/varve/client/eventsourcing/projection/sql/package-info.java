/**
 * Projections into tables, through JDBC and nothing else: rows and checkpoint in one transaction,
 * one owner at a time, and generations side by side.
 *
 * <p>It needs a database with transactions, schemas that {@link java.sql.Connection#setSchema} can
 * choose, and {@code SELECT … FOR UPDATE}. It is tested on H2 and made for PostgreSQL as well.
 * MySQL and MariaDB have no schemas inside a database, so they do not do.
 */
@NullMarked
package io.varve.client.eventsourcing.projection.sql;

import org.jspecify.annotations.NullMarked;
