package io.varve.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * An authority that signs certificates, with the JDK's keytool. Each certificate becomes two PEM
 * files, {@code NAME.pem} with its chain and {@code NAME.key}.
 */
public final class Certificates {
  private static final String PASSWORD = "changeit";

  private final Path folder;
  private final String authority;

  /** A new authority. */
  public Certificates(Path folder, String authority) throws Exception {
    this.folder = folder;
    this.authority = authority;
    keytool(
        authority,
        "-genkeypair",
        "-alias",
        authority,
        "-dname",
        "CN=" + authority,
        "-ext",
        "bc:c",
        "-validity",
        "30");
    Files.writeString(pem(), text("CERTIFICATE", certificates(authority).getFirst().getEncoded()));
  }

  /** The authority's own certificate. */
  public Path pem() {
    return folder.resolve(authority + ".pem");
  }

  /** What a certificate of this name consists of. */
  public record Signed(Path chain, Path key) {}

  /** A certificate for a host that is valid now. */
  public Signed sign(String name, String host) throws Exception {
    return sign(name, host, "-1H", "20");
  }

  /** A certificate that was valid once. */
  Signed signExpired(String name, String host) throws Exception {
    return sign(name, host, "-10d", "5");
  }

  /** A certificate that will be valid in five days. */
  Signed signForLater(String name, String host) throws Exception {
    return sign(name, host, "+5d", "20");
  }

  private Signed sign(String name, String host, String start, String days) throws Exception {
    keytool(name, "-genkeypair", "-alias", name, "-dname", "CN=" + name, "-validity", "30");
    Path request = folder.resolve(name + ".csr");
    Path signed = folder.resolve(name + ".crt");
    keytool(name, "-certreq", "-alias", name, "-file", request.toString());
    keytool(
        authority,
        "-gencert",
        "-alias",
        authority,
        "-infile",
        request.toString(),
        "-outfile",
        signed.toString(),
        "-rfc",
        "-startdate",
        start,
        "-validity",
        days,
        "-ext",
        "san=" + (Character.isDigit(host.charAt(0)) ? "ip:" : "dns:") + host);
    Path chain = folder.resolve(name + ".pem");
    Files.writeString(chain, Files.readString(signed) + Files.readString(pem()));
    KeyStore store = KeyStore.getInstance(store(name).toFile(), PASSWORD.toCharArray());
    PrivateKey key = (PrivateKey) store.getKey(name, PASSWORD.toCharArray());
    Path keyFile = folder.resolve(name + ".key");
    Files.writeString(keyFile, text("PRIVATE KEY", key.getEncoded()));
    return new Signed(chain, keyFile);
  }

  private List<Certificate> certificates(String alias) throws Exception {
    KeyStore store = KeyStore.getInstance(store(alias).toFile(), PASSWORD.toCharArray());
    return List.of(store.getCertificate(alias));
  }

  private Path store(String name) {
    return folder.resolve(name + ".p12");
  }

  private static String text(String kind, byte[] der) {
    return "-----BEGIN "
        + kind
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END "
        + kind
        + "-----\n";
  }

  private void keytool(String store, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of("-J-XX:TieredStopAtLevel=1", "-J-Xshare:auto"));
    command.addAll(List.of(arguments));
    command.addAll(
        List.of(
            "-keystore", store(store).toString(), "-storepass", PASSWORD, "-storetype", "PKCS12"));
    if (arguments[0].equals("-genkeypair")) {
      command.addAll(List.of("-keyalg", "EC", "-groupname", "secp256r1", "-keypass", PASSWORD));
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (process.waitFor() != 0) {
      throw new IllegalStateException("keytool " + arguments[0] + " failed: " + output);
    }
  }
}
