package dev.nunchi.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import java.util.Random;
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

  private static final String TOKEN = "secret-token";
  private static final String RENEWED = "secret-renewed";

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
  void pull_archiveThatWasDamaged_isSeenAndFetchedAnew() throws IOException {
    byte[] archive = tar(out -> MODEL.forEach((name, text) -> add(out, name, text)));
    try (FakeServer server = files(Map.of("/m.tar.gz", archive))) {
      assertMends(archive(server, archive), server);
    }
  }

  @Test
  void pull_registryModelThatWasDamaged_isSeenAndFetchedAnew() throws IOException {
    try (FakeRegistry registry = new FakeRegistry(layers(MODEL), false)) {
      assertMends(registry.reference(":1"), registry.server);
    }
  }

  private void assertMends(ModelReference reference, FakeServer server) throws IOException {
    Path model = store().pull(reference, 1, PullListener.NONE);
    Path graph = model.resolve("model.onnx");
    Files.writeString(graph, "grapf");
    assertDamaged(graph + ": a SHA-256 of " + sha256("graph") + " was expected, but ");
    assertMended(reference, server, model);
    Files.delete(graph);
    assertDamaged(graph + " is missing");
    assertMended(reference, server, model);
    Files.delete(graph);
    Files.createDirectory(graph);
    assertDamaged(graph + " is a directory, and not a file");
    assertMended(reference, server, model);
  }

  private void assertDamaged(String beginning) {
    List<String> damage = store().damage(store().list().getFirst());
    assertEquals(1, damage.size(), damage::toString);
    assertTrue(damage.getFirst().startsWith(beginning), damage::toString);
  }

  /// One pull fetches, and the next finds all that it needs.
  private void assertMended(ModelReference reference, FakeServer server, Path model)
      throws IOException {
    int before = fetched(server);
    assertEquals(model, store().pull(reference, 1, PullListener.NONE));
    int after = fetched(server);
    assertTrue(after > before);
    assertEquals(List.of(), store().damage(store().list().getFirst()));
    assertEquals("graph", Files.readString(model.resolve("model.onnx")));
    assertEquals(List.of(), partial());
    store().pull(reference, 1, PullListener.NONE);
    assertEquals(after, fetched(server));
  }

  private static int fetched(FakeServer server) {
    return (int)
        server.requests().stream().filter(request -> !request.path().contains("manifests")).count();
  }

  /// One such model keeps nobody from listing the others, and is as it was published.
  @Test
  void damage_manifestThatWasPublishedDamaged_isSaidAndNotFetchedAnew() throws IOException {
    byte[] archive =
        tar(out -> {
          MODEL.forEach((name, text) -> add(out, name, text));
          add(out, "nunchi.json", "{");
        });
    try (FakeServer server = files(Map.of("/m.tar.gz", archive))) {
      Path model = store().pull(archive(server, archive), 1, PullListener.NONE);
      assertDamaged(model.resolve("nunchi.json").toString());
      int before = server.requests().size();
      store().pull(archive(server, archive), 1, PullListener.NONE);
      assertEquals(before, server.requests().size());
    }
  }

  @Test
  void list_archiveWithAFolderInside_listsVerifiesAndRemoves() throws IOException {
    byte[] archive =
        tar(out -> {
          MODEL.forEach((name, text) -> add(out, "movies/" + name, text));
          add(out, "movies/onnx/model.onnx", "another graph");
        });
    try (FakeServer server = files(Map.of("/m.tar.gz", archive))) {
      ModelReference reference = archive(server, archive);
      Path model = store().pull(reference, 1, PullListener.NONE);
      StoredModel stored = store().list().getFirst();
      assertEquals(
          List.of("README.md", "config.json", "model.onnx", "onnx/model.onnx", "tokenizer.json"),
          stored.files().stream().map(StoredModel.File::name).toList());
      assertTrue(
          stored
              .files()
              .contains(
                  new StoredModel.File(
                      "onnx/model.onnx", 13, "sha256:" + sha256("another graph"))));
      assertEquals(List.of(stored), store().revisions(reference, reference.toString()));
      assertEquals(List.of(), store().damage(stored));
      assertEquals(stored.bytes(), store().remove(stored));
      assertFalse(Files.exists(model));
      assertEquals(List.of(), store().list());
    }
  }

  /// As those were put into their places that came before digests were recorded.
  @Test
  void list_modelWithoutRecordedDigests_isListedAndKept() throws IOException {
    byte[] archive =
        tar(out -> {
          MODEL.forEach((name, text) -> add(out, name, text));
          add(out, "onnx/model.onnx", "another graph");
        });
    try (FakeServer server = files(Map.of("/m.tar.gz", archive))) {
      ModelReference reference = archive(server, archive);
      Path model = store().pull(reference, 1, PullListener.NONE);
      Files.writeString(
          model.resolveSibling(model.getFileName() + ".json"), "{\"source\": \"somewhere\"}\n");
      StoredModel stored = store().list().getFirst();
      assertEquals("somewhere", stored.name());
      assertEquals(5, stored.files().size());
      assertTrue(stored.files().stream().allMatch(file -> file.digest().isEmpty()));
      assertEquals(List.of(), store().damage(stored));
      int before = server.requests().size();
      store().pull(reference, 1, PullListener.NONE);
      assertEquals(before, server.requests().size());
      Files.delete(model.resolve("model.onnx"));
      assertDamaged(model + " lacks config.json, weights or a tokenizer");
      assertMended(reference, server, model);
    }
  }

  @Test
  void pull_leftoversOfAPullThatWasKilled_areDeleted() throws IOException {
    byte[] archive = tar(out -> MODEL.forEach((name, text) -> add(out, name, text)));
    try (FakeServer server = files(Map.of("/m.tar.gz", archive));
        FakeRegistry registry = new FakeRegistry(layers(MODEL), false)) {
      String sha256 = FakeHub.sha256(archive).hex();
      for (ModelReference reference : List.of(archive(server, archive), registry.reference(":1"))) {
        store().pull(reference, 1, PullListener.NONE);
        assertEquals(List.of(), partial());
      }
      Path partial = partialFolder();
      Files.write(partial.resolve(sha256), archive);
      Files.createDirectories(partial.resolve(sha256 + ".unpacked/movies"));
      Files.createDirectories(partial.resolve(sha256 + ".replaced/movies"));
      for (String text : MODEL.values()) {
        Files.writeString(partial.resolve(sha256(text)), text);
      }
      for (ModelReference reference : List.of(archive(server, archive), registry.reference(":1"))) {
        store().pull(reference, 1, PullListener.NONE);
      }
      assertEquals(List.of(), partial());
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
    assertEquals(List.of(), partial());
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

  @Test
  void pull_registryLayerThatIsNoArchive_isRefusedAndLeavesNothing() throws IOException {
    String layer = "application/vnd.oci.image.layer.v1.tar+gzip ";
    byte[] page = "<html>".repeat(1000).getBytes(StandardCharsets.UTF_8);
    try (FakeRegistry registry = new FakeRegistry(Map.of(layer, page), false)) {
      assertRefused(registry.reference(":1"), "no tar archive");
      assertEquals(List.of(), partial());
    }
  }

  @Test
  void pull_registryTokenThatRunsOut_isRenewedAndGoesOn() throws IOException {
    byte[] graph = graph();
    try (FakeRegistry registry = new FakeRegistry(withGraph(graph), true)) {
      registry.cut = graph;
      Path model = store().pull(registry.reference(":1"), 1, PullListener.NONE);
      assertArrayEquals(graph, Files.readAllBytes(model.resolve("model.onnx")));
      List<Request> asked = requests(registry, graph);
      assertEquals(
          List.of("Bearer " + TOKEN, "Bearer " + TOKEN, "Bearer " + RENEWED),
          asked.stream().map(request -> request.header("Authorization")).toList());
      assertTrue(asked.getLast().from().orElse(0) > 0, "it went on");
      assertEquals(2, tokens(registry));
    }
  }

  @Test
  void pull_registryThatTakesNoRenewedToken_isRefusedAfterTheSecond() throws IOException {
    byte[] graph = graph();
    try (FakeRegistry registry = new FakeRegistry(withGraph(graph), true)) {
      registry.cut = graph;
      registry.isRenewable = false;
      assertRefused(registry.reference(":1"), "'docker login " + registry.host() + "'");
      assertEquals(3, requests(registry, graph).size());
      assertEquals(2, tokens(registry));
    }
  }

  /// What another process does that pulls a model with the same layer, just between.
  @Test
  void pull_layerThatAnotherPullDeletes_isFetchedAgain() throws IOException {
    byte[] graph = graph();
    Map<String, byte[]> other = withGraph(graph);
    other.put("tokenizer.json", "{}".getBytes(StandardCharsets.UTF_8));
    try (FakeRegistry first = new FakeRegistry(other, false);
        FakeRegistry second = new FakeRegistry(withGraph(graph), false)) {
      second.atLastLayer = () -> store().pull(first.reference(":1"), 1, PullListener.NONE);
      Path model = store().pull(second.reference(":1"), 1, PullListener.NONE);
      assertEquals(0, requests(first, graph).size(), "it was there");
      assertArrayEquals(graph, Files.readAllBytes(model.resolve("model.onnx")));
      assertEquals(2, requests(second, graph).size());
      assertEquals(2, store().list().size());
      store().list().forEach(stored -> assertEquals(List.of(), store().damage(stored)));
      assertEquals(List.of(), partial());
    }
  }

  private static byte[] graph() {
    byte[] graph = new byte[300_000];
    new Random(1).nextBytes(graph);
    return graph;
  }

  /// The graph comes first.
  private static Map<String, byte[]> withGraph(byte[] graph) {
    Map<String, byte[]> layers = new LinkedHashMap<>();
    layers.put("model.onnx", graph);
    layers.putAll(layers(Map.of("config.json", "{}")));
    layers.putAll(layers(Map.of("tokenizer.json", "{\"version\": 1}")));
    return layers;
  }

  private static List<Request> requests(FakeRegistry registry, byte[] layer) {
    return registry.server.requests().stream()
        .filter(request -> request.path().endsWith(FakeHub.sha256(layer).hex()))
        .toList();
  }

  private static long tokens(FakeRegistry registry) {
    return registry.server.requests().stream()
        .filter(request -> request.path().startsWith("/token"))
        .count();
  }

  private static String sha256(String text) {
    return FakeHub.sha256(text.getBytes(StandardCharsets.UTF_8)).hex();
  }

  /// What is on its way in the store.
  private List<String> partial() throws IOException {
    return names(partialFolder());
  }

  private Path partialFolder() {
    return directory.resolve("nunchi/models/partial");
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

    /// Whether the token that is given after the cut is taken.
    private volatile boolean isRenewable = true;

    /// The token that is given and taken.
    private volatile String token = TOKEN;

    /// The layer whose first answer breaks off in the middle, after which the token has run out.
    private volatile byte[] cut = {};

    /// Runs once, while the last layer is asked for.
    private volatile Runnable atLastLayer = () -> {};

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
        return deny
            ? Answer.of(401, Map.of())
            : Answer.json("{\"token\": \"%s\"}".formatted(token));
      }
      if (!path.startsWith("/v2/team/movies/")) {
        return Answer.of(404, Map.of());
      }
      boolean isTaken = isRenewable || token.equals(TOKEN);
      if (challenges && !(isTaken && request.header("Authorization").equals("Bearer " + token))) {
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
          if (layer == List.copyOf(layers.values()).getLast()) {
            Runnable once = atLastLayer;
            atLastLayer = () -> {};
            once.run();
          }
          return layer(request, layer);
        }
      }
      return Answer.of(404, Map.of());
    }

    private Answer layer(Request request, byte[] layer) {
      if (layer == cut) {
        cut = new byte[0];
        token = RENEWED;
        return Answer.of(200, Map.of(), layer).cut(layer.length / 2, false);
      }
      if (request.from().isPresent()) {
        int from = (int) request.from().getAsLong();
        return Answer.of(
            206,
            Map.of(
                "Content-Range", "bytes %d-%d/%d".formatted(from, layer.length - 1, layer.length)),
            Arrays.copyOfRange(layer, from, layer.length));
      }
      return Answer.of(200, Map.of(), lie ? new byte[layer.length] : layer);
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
