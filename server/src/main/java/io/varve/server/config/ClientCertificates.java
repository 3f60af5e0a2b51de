package io.varve.server.config;

/** Whether a client must show a certificate, where the server knows who may sign them. */
public enum ClientCertificates {
  /** No connection without one. */
  REQUIRED,
  /** A client may do without; one that it shows must be good. */
  OPTIONAL
}
