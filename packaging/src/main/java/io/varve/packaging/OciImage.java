package io.varve.packaging;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipFile;

/**
 * A container image as an archive in OCI's layout, which {@code skopeo copy oci-archive:…} and
 * {@code podman load} take. No daemon and no base image: the Java runtime, the system's libraries
 * that it and RocksDB are linked with, copied from the machine that builds it, and Varve. No shell,
 * no package manager.
 */
final class OciImage {
  /** Not root, and by number, so that Kubernetes can tell. */
  private static final long USER = 10001;

  private static final String HOME = "opt/varve/";
  private static final String SERVER = "varve-server.jar";
  private static final Pattern LIBRARY = Pattern.compile("(/\\S+\\.so\\S*) \\(0x");

  private final Path work;
  private final String version;
  private final Platform platform;
  private final Instant time;

  OciImage(Path work, String version, Platform platform, Instant time) {
    this.work = work;
    this.version = version;
    this.platform = platform;
    this.time = time;
  }

  void write(Path image, Distribution distribution, List<Entry> runtime)
      throws IOException, InterruptedException {
    List<Entry> varve =
        distribution.entries(platform).stream()
            .filter(entry -> entry.path().startsWith("lib/") && !entry.path().contains("/demo/"))
            // Its manifest looks for the others in lib.
            .map(entry -> entry.path().equals("lib/" + SERVER) ? entry.at(SERVER) : entry)
            .toList();
    List<Entry> base = Entry.join(system(runtime, varve), Entry.under(HOME + "runtime/", runtime));
    Layer lower = layer("base", base);
    Layer upper = layer("varve", Entry.under(HOME, varve));

    List<Entry> layout = new ArrayList<>();
    layout.add(blob(lower.file(), lower.digest()));
    layout.add(blob(upper.file(), upper.digest()));
    Path config = text("config.json", config(lower, upper));
    layout.add(blob(config, digest(config)));
    Path manifest = text("manifest.json", manifest(config, lower, upper));
    layout.add(blob(manifest, digest(manifest)));
    layout.add(Entry.file("index.json", text("index.json", index(manifest)), 0644));
    layout.add(
        Entry.file("oci-layout", text("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}"), 0644));
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(image))) {
      Tarball.writePlain(out, "", Entry.join(layout), time);
    }
  }

  /** A user, a place for data and for temporary files, and what is linked with. */
  private List<Entry> system(List<Entry> runtime, List<Entry> varve)
      throws IOException, InterruptedException {
    List<Entry> entries = new ArrayList<>();
    entries.add(Entry.folder("tmp/", 01777, 0));
    entries.add(Entry.folder("var/lib/varve/", 0750, USER));
    entries.add(
        Entry.file(
            "etc/passwd",
            text("passwd", "varve:x:%d:%d::/var/lib/varve:/\n".formatted(USER, USER)),
            0644));
    TreeMap<String, Path> libraries = new TreeMap<>();
    for (Entry entry : runtime) {
      if (entry.source() != null
          && (entry.path().endsWith(".so") || entry.path().equals("bin/java"))) {
        linkedWith(entry.source(), libraries);
      }
    }
    linkedWith(rocksDb(varve), libraries);
    libraries.forEach((path, file) -> entries.add(Entry.file(path.substring(1), file, 0755)));
    return entries;
  }

  private Path rocksDb(List<Entry> varve) throws IOException {
    Path jar =
        varve.stream()
            .map(Entry::source)
            .filter(file -> file != null && file.getFileName().toString().startsWith("rocksdbjni"))
            .findFirst()
            .orElseThrow();
    String name = platform.nativeCode();
    Path file = work.resolve(name);
    try (var zip = new ZipFile(jar.toFile());
        InputStream in = zip.getInputStream(zip.getEntry(name))) {
      Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
    }
    return file;
  }

  /** Asks the system's loader. What lies in the runtime itself is there already. */
  private static void linkedWith(Path binary, Map<String, Path> libraries)
      throws IOException, InterruptedException {
    Process ldd = new ProcessBuilder("ldd", binary.toString()).redirectErrorStream(true).start();
    String said = new String(ldd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (ldd.waitFor() != 0) {
      throw new IllegalStateException("ldd " + binary + " failed: " + said);
    }
    Matcher matcher = LIBRARY.matcher(said);
    while (matcher.find()) {
      String path = matcher.group(1);
      if (path.startsWith("/lib")
          || path.startsWith("/usr/lib/x86_64")
          || path.startsWith("/usr/lib/aarch64")) {
        libraries.put(path, Path.of(path).toRealPath());
      }
    }
  }

  private String config(Layer lower, Layer upper) {
    return """
    {"created":"%s","architecture":"%s","os":"linux","config":{"User":"%d:%d",\
    "Env":["PATH=/opt/varve/runtime/bin","LANG=C.UTF-8","VARVE_DATA=/var/lib/varve"],\
    "WorkingDir":"/var/lib/varve",\
    "Entrypoint":["/opt/varve/runtime/bin/java","-XX:+ExitOnOutOfMemoryError",\
    "-XX:+UseCompactObjectHeaders","-XX:MaxRAMPercentage=40","-jar","/opt/varve/varve-server.jar"],\
    "Cmd":["serve"],"ExposedPorts":{"2113/tcp":{},"2114/tcp":{}},\
    "Volumes":{"/var/lib/varve":{}},"StopSignal":"SIGTERM",\
    "Labels":{"org.opencontainers.image.title":"varve","org.opencontainers.image.version":"%s",\
    "org.opencontainers.image.licenses":"Apache-2.0"}},\
    "rootfs":{"type":"layers","diff_ids":["%s","%s"]}}\
    """
        .formatted(
            time, platform.architecture(), USER, USER, version, lower.diffId(), upper.diffId());
  }

  private static String manifest(Path config, Layer lower, Layer upper) throws IOException {
    String layer = "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",%s}";
    return ("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
            + "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",%s},"
            + "\"layers\":["
            + layer
            + ","
            + layer
            + "]}")
        .formatted(described(config), described(lower.file()), described(upper.file()));
  }

  private String index(Path manifest) throws IOException {
    return ("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
            + "\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",%s,"
            + "\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"},"
            + "\"annotations\":{\"org.opencontainers.image.ref.name\":\"varve:%s\","
            + "\"io.containerd.image.name\":\"docker.io/library/varve:%s\"}}]}")
        .formatted(described(manifest), platform.architecture(), version, version);
  }

  private static String described(Path file) throws IOException {
    return "\"digest\":\"%s\",\"size\":%d".formatted(digest(file), Files.size(file));
  }

  private static Entry blob(Path file, String digest) {
    return Entry.file("blobs/" + digest.replace(':', '/'), file, 0644);
  }

  /**
   * @param digest of the file as it is
   * @param diffId of the archive in it
   */
  private record Layer(Path file, String digest, String diffId) {}

  private Layer layer(String name, List<Entry> entries) throws IOException {
    Path file = work.resolve("layer-" + name + ".tar.gz");
    Tarball.write(file, "", entries, time);
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      return new Layer(file, digest(file), digest(in));
    }
  }

  private Path text(String name, String text) throws IOException {
    return Files.writeString(work.resolve("image-" + name), text);
  }

  private static String digest(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return digest(in);
    }
  }

  private static String digest(InputStream in) throws IOException {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      try (DigestInputStream digested = new DigestInputStream(in, sha256)) {
        digested.transferTo(OutputStream.nullOutputStream());
      }
      return "sha256:" + HexFormat.of().formatHex(sha256.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
