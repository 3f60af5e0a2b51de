package io.varve.server.api.grpc;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.grpc.util.CertificateUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;

/**
 * What the files of TLS hold: a chain with the key of its first certificate, or certificates to
 * trust. Read as a whole and checked before anything is made of it.
 */
final class TlsFiles {
  private static final byte[] SAMPLE =
      "a key that belongs to a certificate verifies this".getBytes(US_ASCII);

  private TlsFiles() {}

  /** A server's certificate with those that signed it, and the key that belongs to it. */
  record Identity(List<X509Certificate> chain, PrivateKey key) {
    X509Certificate certificate() {
      return chain.getFirst();
    }
  }

  /** Files as they were when they were read: equal exactly if their bytes are. */
  static String fingerprint(List<Path> files) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Path file : files) {
        byte[] content = Files.readAllBytes(file);
        digest.update(Integer.toString(content.length).getBytes(US_ASCII));
        digest.update(content);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * @param now the certificate must be valid now
   * @throws TlsProblem with a sentence that names the file
   */
  static Identity identity(Path certificates, Path key, Instant now) throws TlsProblem {
    List<X509Certificate> chain = certificates(certificates);
    X509Certificate certificate = chain.getFirst();
    try {
      certificate.checkValidity(Date.from(now));
    } catch (CertificateExpiredException e) {
      throw new TlsProblem(
          "the certificate in "
              + certificates
              + " expired at "
              + certificate.getNotAfter().toInstant(),
          e);
    } catch (CertificateNotYetValidException e) {
      throw new TlsProblem(
          "the certificate in "
              + certificates
              + " is valid only from "
              + certificate.getNotBefore().toInstant(),
          e);
    }
    PrivateKey privateKey = key(key);
    if (!belong(privateKey, certificate.getPublicKey())) {
      throw new TlsProblem(
          "the key in " + key + " is not that of the first certificate in " + certificates, null);
    }
    return new Identity(chain, privateKey);
  }

  /** All certificates of a PEM file, at least one. */
  static List<X509Certificate> certificates(Path file) throws TlsProblem {
    try {
      List<X509Certificate> certificates =
          List.of(
              CertificateUtils.getX509Certificates(
                  new ByteArrayInputStream(Files.readAllBytes(file))));
      if (certificates.isEmpty()) {
        throw new TlsProblem("there is no certificate in " + file, null);
      }
      return certificates;
    } catch (IOException e) {
      throw new TlsProblem("cannot read " + file + " (" + e.getMessage() + ")", e);
    } catch (GeneralSecurityException e) {
      throw new TlsProblem(file + " holds no certificates in PEM", e);
    }
  }

  private static PrivateKey key(Path file) throws TlsProblem {
    try {
      return CertificateUtils.getPrivateKey(new ByteArrayInputStream(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw new TlsProblem("cannot read " + file + " (" + e.getMessage() + ")", e);
    } catch (GeneralSecurityException | RuntimeException e) {
      throw new TlsProblem(
          file + " holds no private key in PEM (PKCS#8, RSA or EC, without a password)", e);
    }
  }

  private static boolean belong(PrivateKey key, PublicKey certified) {
    try {
      Signature signature =
          Signature.getInstance(
              "RSA".equals(key.getAlgorithm()) ? "SHA256withRSA" : "SHA256withECDSA");
      signature.initSign(key);
      signature.update(SAMPLE);
      byte[] signed = signature.sign();
      signature.initVerify(certified);
      signature.update(SAMPLE);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false; // of another kind altogether
    }
  }
}
