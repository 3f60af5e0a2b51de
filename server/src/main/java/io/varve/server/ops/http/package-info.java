/**
 * The operations port: HTTP for those who look after the server, apart from the port that serves
 * events. Small and bounded; what it answers is made elsewhere and handed in as {@link
 * io.varve.server.ops.http.Route}s.
 */
@NullMarked
package io.varve.server.ops.http;

import org.jspecify.annotations.NullMarked;
