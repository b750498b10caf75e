package dev.nunchi.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.hub.FakeServer.Answer;
import dev.nunchi.hub.FakeServer.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Models from registries and object stores.
class ForeignModelTest {
  private static final Map<String, String> MODEL =
      Map.of(
          "config.json", "{}",
          "tokenizer.json", "{}",
          "model.onnx", "graph",
          "README.md", "---\nlicense: mit\n---\n");

  @TempDir private Path directory;

  @Test
  void pull_archive_unpacksWhatIsReadAndIsFoundAgain() throws IOException {
    byte[] archive =
        tar(out -> {
          add(out, "./movies/", "");
          MODEL.forEach((name, text) -> add(out, "./movies/" + name, text));
          add(out, "./movies/run.py", "print()");
        });
    try (FakeServer server = files(Map.of("/m.tar.gz", archive))) {
      ModelReference reference = archive(server, archive);
      Path model = store().pull(reference, 1, PullListener.NONE);
      assertEquals(
          List.of("README.md", "config.json", "model.onnx", "tokenizer.json"), names(model));
      assertEquals(Optional.of(model), store().find(reference));
      StoredModel stored = store().list().getFirst();
      assertEquals(reference.toString(), stored.name());
      assertEquals(Optional.of("mit"), stored.license());
      assertEquals(List.of(), store().damage(stored));
      int before = server.requests().size();
      store().pull(reference, 1, PullListener.NONE);
      assertEquals(before, server.requests().size());
      assertEquals(List.of(stored), store().revisions(reference, reference.toString()));
      assertEquals(stored.bytes(), store().remove(stored));
      assertEquals(List.of(), store().list());
    }
  }

  @Test
  void pull_archiveOfASignedAddress_asksWithGetAlone() throws IOException {
    byte[] archive = tar(out -> MODEL.forEach((name, text) -> add(out, name, text)));
    Map<String, byte[]> all = Map.of("/m.tar.gz", archive);
    try (FakeServer server =
        new FakeServer(request ->
            request.method().equals("HEAD") ? Answer.of(403, Map.of()) : file(request, all))) {
      assertEquals(4, names(store().pull(archive(server, archive), 1, PullListener.NONE)).size());
    }
  }

  @Test
  void pull_archiveThatIsNotWhatItsDigestSays_isRefused() throws IOException {
    byte[] archive = tar(out -> MODEL.forEach((name, text) -> add(out, name, text)));
    byte[] other = archive.clone();
    other[other.length / 2] ^= 1;
    try (FakeServer server = files(Map.of("/m.tar.gz", other))) {
      assertRefused(archive(server, archive), "was expected, but");
      assertRefused(
          ModelReference.parse(server.uri() + "/none#sha256=" + "0".repeat(64)).orElseThrow(),
          "the server answered 404");
    }
  }

  @Test
  void pull_hostileArchive_isRefusedAndReachesNothing() throws IOException {
    Map<String, byte[]> hostile = new LinkedHashMap<>();
    hostile.put("'../config.json', whose name leads elsewhere", one("../config.json"));
    hostile.put("'a/../../config.json', whose name leads elsewhere", one("a/../../config.json"));
    hostile.put("'/tmp/config.json', whose name leads elsewhere", absolute());
    hostile.put("'config.json', which is neither", link(TarConstants.LF_SYMLINK));
    hostile.put("'config.json', which is neither ", link(TarConstants.LF_LINK));
    hostile.put("'config.json', which is neither  ", link(TarConstants.LF_CHR));
    hostile.put("'config.json', which is neither   ", link(TarConstants.LF_FIFO));
    hostile.put(
        "'config.json' twice",
        tar(out -> {
          add(out, "config.json", "{}");
          add(out, "config.json", "{}");
        }));
    hostile.put(
        "should hold one model, but holds 2",
        tar(out -> {
          add(out, "a/config.json", "{}");
          add(out, "b/config.json", "{}");
        }));
    hostile.put("should hold one model, but holds 0", one("readme"));
    hostile.put("but not the weights", one("config.json"));
    hostile.put("bytes, which no weights of its size unpack to", bomb());
    hostile.put("no tar archive", "<html>".repeat(1000).getBytes(StandardCharsets.UTF_8));
    byte[] whole = tar(out -> MODEL.forEach((name, text) -> add(out, name, text + name.repeat(9))));
    hostile.put("holds ", Arrays.copyOf(whole, whole.length / 2));
    for (Map.Entry<String, byte[]> each : hostile.entrySet()) {
      try (FakeServer server = files(Map.of("/m.tar.gz", each.getValue()))) {
        assertRefused(archive(server, each.getValue()), each.getKey().strip());
      }
    }
    assertEquals(List.of(), store().list());
    try (Stream<Path> all = Files.walk(directory)) {
      assertEquals(List.of(), all.filter(file -> file.endsWith("config.json")).toList());
    }
  }

  @Test
  void pull_registry_answersTheChallengeAndTakesNamedFiles() throws IOException {
    Path docker = Files.createDirectories(directory.resolve(".docker"));
    try (FakeRegistry registry = new FakeRegistry(layers(MODEL), true)) {
      String login = Base64.getEncoder().encodeToString("me:pw".getBytes(StandardCharsets.UTF_8));
      Files.writeString(
          docker.resolve("config.json"),
          "{\"auths\": {\"%s\": {\"auth\": \"%s\"}}}".formatted(registry.host(), login));
      ModelReference tag = registry.reference(":1");
      Path model = store().pull(tag, 2, PullListener.NONE);
      assertEquals(MODEL.keySet().stream().sorted().toList(), names(model));
      assertEquals(Optional.of(model), store().find(tag));
      assertEquals(Optional.of(model), store().find(registry.reference("@" + registry.digest())));
      for (Request request : registry.server.requests()) {
        String expected =
            request.path().startsWith("/token") ? "Basic " + login : "Bearer secret-token";
        assertTrue(
            request.header("Authorization").isEmpty()
                || request.header("Authorization").equals(expected),
            request::toString);
      }
    }
  }

  @Test
  void pull_registryLayerThatIsAnArchive_isUnpacked() throws IOException {
    byte[] archive = tar(out -> MODEL.forEach((name, text) -> add(out, name, text)));
    String layer = "application/vnd.oci.image.layer.v1.tar+gzip ";
    try (FakeRegistry registry = new FakeRegistry(Map.of(layer, archive), false)) {
      assertEquals(4, names(store().pull(registry.reference(":1"), 1, PullListener.NONE)).size());
    }
  }

  @Test
  void pull_registryThatLies_isRefused() throws IOException {
    try (FakeRegistry registry = new FakeRegistry(layers(MODEL), false)) {
      assertRefused(
          registry.reference("@sha256:" + "0".repeat(64)),
          "the manifest sha256:%s was asked for, but %s came"
              .formatted("0".repeat(64), registry.digest()));
      registry.lie = true;
      assertRefused(registry.reference(":1"), "was expected, but");
    }
    try (FakeRegistry registry = new FakeRegistry(layers(MODEL), true)) {
      registry.deny = true;
      assertRefused(registry.reference(":1"), "'docker login " + registry.host() + "'");
    }
    try (FakeRegistry registry = new FakeRegistry(layers(Map.of("../../evil.json", "{}")), false)) {
      assertRefused(registry.reference(":1"), "it has no layer that is a file of a model");
      assertRefused(
          ModelReference.parse("oci://" + registry.host() + "/other:1").orElseThrow(), "has no");
    }
  }

  private static Map<String, byte[]> layers(Map<String, String> files) {
    Map<String, byte[]> layers = new LinkedHashMap<>();
    files.forEach((name, text) -> layers.put(name, text.getBytes(StandardCharsets.UTF_8)));
    return layers;
  }

  /// A registry of one model; the key of a layer is its title or, with a blank behind, its type.
  private static final class FakeRegistry implements AutoCloseable {
    private final Map<String, byte[]> layers;
    private final boolean challenges;
    private final FakeServer server;
    private final byte[] manifest;
    private volatile boolean lie;
    private volatile boolean deny;

    FakeRegistry(Map<String, byte[]> layers, boolean challenges) throws IOException {
      this.layers = layers;
      this.challenges = challenges;
      StringBuilder entries = new StringBuilder();
      layers.forEach((key, bytes) ->
          entries.append(
              "%s{\"mediaType\": \"%s\", \"digest\": \"sha256:%s\", \"size\": %d%s}"
                  .formatted(
                      entries.isEmpty() ? "" : ", ",
                      key.endsWith(" ") ? key.strip() : "application/octet-stream",
                      FakeHub.sha256(bytes).hex(),
                      bytes.length,
                      key.endsWith(" ")
                          ? ""
                          : ", \"annotations\": {\"org.opencontainers.image.title\": \"%s\"}"
                              .formatted(key))));
      this.manifest =
          "{\"schemaVersion\": 2, \"layers\": [%s]}"
              .formatted(entries)
              .getBytes(StandardCharsets.UTF_8);
      this.server = new FakeServer(this::answer);
    }

    String host() {
      return "127.0.0.1:" + server.uri().getPort();
    }

    String digest() {
      return "sha256:" + FakeHub.sha256(manifest).hex();
    }

    ModelReference reference(String suffix) {
      return ModelReference.parse("oci://" + host() + "/team/movies" + suffix).orElseThrow();
    }

    private Answer answer(Request request) {
      String path = request.path();
      if (path.startsWith("/token")) {
        return deny ? Answer.of(401, Map.of()) : Answer.json("{\"token\": \"secret-token\"}");
      }
      if (!path.startsWith("/v2/team/movies/")) {
        return Answer.of(404, Map.of());
      }
      if (challenges && !request.header("Authorization").equals("Bearer secret-token")) {
        return Answer.of(
            401,
            Map.of(
                "WWW-Authenticate",
                "Bearer realm=\"%s/token\",service=\"reg\",scope=\"repository:team/movies:pull\""
                    .formatted(server.uri())));
      }
      if (path.contains("/manifests/")) {
        return Answer.of(200, Map.of(), manifest);
      }
      for (byte[] layer : layers.values()) {
        if (path.endsWith(FakeHub.sha256(layer).hex())) {
          return Answer.of(200, Map.of(), lie ? new byte[layer.length] : layer);
        }
      }
      return Answer.of(404, Map.of());
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }

  private static FakeServer files(Map<String, byte[]> files) throws IOException {
    return new FakeServer(request -> file(request, files));
  }

  private static Answer file(Request request, Map<String, byte[]> files) {
    byte[] content = files.get(request.path());
    if (content == null) {
      return Answer.of(404, Map.of());
    }
    return request.header("Range").equals("bytes=0-0")
        ? Answer.of(
            206, Map.of("Content-Range", "bytes 0-0/" + content.length), new byte[] {content[0]})
        : Answer.of(200, Map.of(), content);
  }

  private static ModelReference archive(FakeServer server, byte[] archive) {
    return ModelReference.parse(server.uri() + "/m.tar.gz#sha256=" + FakeHub.sha256(archive).hex())
        .orElseThrow();
  }

  private void assertRefused(ModelReference reference, String part) {
    NunchiException e =
        assertThrows(NunchiException.class, () -> store().pull(reference, 1, PullListener.NONE));
    assertTrue(e.getMessage().contains(part), e::getMessage);
    assertFalse(e.getMessage().contains("secret"), e::getMessage);
  }

  private ModelStore store() {
    HubSettings settings =
        HubSettings.of(
            Map.of(
                "HOME", directory.toString(),
                "NUNCHI_CACHE", directory.resolve("nunchi").toString()));
    return new ModelStore(
        settings.bearing(
            Duration.ofSeconds(5),
            new Patience(2, Duration.ofMillis(1), Duration.ofMillis(1), Duration.ofSeconds(1))));
  }

  private static byte[] one(String name) throws IOException {
    return tar(out -> add(out, name, "{}"));
  }

  private static byte[] absolute() throws IOException {
    return tar(out -> put(out, new TarArchiveEntry("/tmp/config.json", true), "{}"));
  }

  private static byte[] link(byte type) throws IOException {
    return tar(out -> {
      TarArchiveEntry entry = new TarArchiveEntry("config.json", type);
      if (type == TarConstants.LF_SYMLINK || type == TarConstants.LF_LINK) {
        entry.setLinkName("/etc/passwd");
      }
      put(out, entry, "");
    });
  }

  /// 200 MB of zeros in 200 kB.
  private static byte[] bomb() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream out = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
      TarArchiveEntry entry = new TarArchiveEntry("model.onnx");
      entry.setSize(200_000_000);
      out.putArchiveEntry(entry);
      byte[] zeros = new byte[1_000_000];
      for (int i = 0; i < 200; i++) {
        out.write(zeros);
      }
      out.closeArchiveEntry();
    }
    return bytes.toByteArray();
  }

  private static byte[] tar(Consumer<TarArchiveOutputStream> entries) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(bytes);
        TarArchiveOutputStream out = new TarArchiveOutputStream(gzip)) {
      entries.accept(out);
    }
    return bytes.toByteArray();
  }

  private static void add(TarArchiveOutputStream out, String name, String text) {
    put(out, new TarArchiveEntry(name), text);
  }

  private static void put(TarArchiveOutputStream out, TarArchiveEntry entry, String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      entry.setSize(bytes.length);
      out.putArchiveEntry(entry);
      out.write(bytes);
      out.closeArchiveEntry();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
