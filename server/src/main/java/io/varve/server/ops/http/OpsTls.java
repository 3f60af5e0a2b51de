package io.varve.server.ops.http;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * How the operations port speaks TLS.
 *
 * @param context the certificate it shows, and whom it trusts
 * @param wantsCertificates whether callers may show a certificate
 * @param needsCertificates whether callers must show one
 */
public record OpsTls(SSLContext context, boolean wantsCertificates, boolean needsCertificates) {

  HttpsConfigurator configurator() {
    return new HttpsConfigurator(context) {
      @Override
      public void configure(HttpsParameters parameters) {
        SSLParameters chosen = getSSLContext().getDefaultSSLParameters();
        if (needsCertificates) {
          chosen.setNeedClientAuth(true);
        } else if (wantsCertificates) {
          chosen.setWantClientAuth(true);
        }
        parameters.setSSLParameters(chosen);
      }
    };
  }
}
