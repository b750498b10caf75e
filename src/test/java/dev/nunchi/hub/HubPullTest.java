package dev.nunchi.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.hub.FakeServer.Answer;
import dev.nunchi.hub.FakeServer.Request;
import dev.nunchi.model.CopiedDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubPullTest {
  private static final String ID = "team/tiny";
  private static final ModelReference TINY = ModelReference.parse(ID).orElseThrow();
  private static final Patience SHORT =
      new Patience(3, Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofSeconds(2));
  private static final Duration SILENCE = Duration.ofMillis(400);

  @TempDir private Path directory;
  private final Notes notes = new Notes();

  /// What a pull said, and how many bytes it spoke of.
  private static final class Notes implements PullListener {
    final List<String> said = Collections.synchronizedList(new ArrayList<>());
    long found;
    long received;

    @Override
    public synchronized void planned(String what, long bytes) {
      said.add(what + ": " + bytes);
    }

    @Override
    public synchronized void found(long bytes) {
      found += bytes;
    }

    @Override
    public synchronized void received(long bytes) {
      received += bytes;
    }

    @Override
    public synchronized void lost(long bytes) {
      said.add("lost " + bytes);
    }

    @Override
    public void noted(String sentence) {
      said.add(sentence);
    }

    @Override
    public void ended() {
      said.add("ended");
    }
  }

  @Test
  void pull_model_layOutIsThatOfHuggingfaceHub() throws IOException {
    Map<String, byte[]> files = files();
    try (FakeHub hub = hub(files)) {
      Path snapshot = pull(hub);
      Path model = directory.resolve("hub/models--team--tiny");
      assertEquals(model.resolve("snapshots").resolve(hub.commit()), snapshot);
      assertEquals(hub.commit(), Files.readString(model.resolve("refs/main")));
      for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
        Path file = snapshot.resolve(name);
        assertArrayEquals(content(files, name), Files.readAllBytes(file), name);
        assertEquals(
            Path.of("../../blobs", FakeHub.digest(name, content(files, name)).hex()),
            Files.readSymbolicLink(file));
      }
      assertTrue(
          Files.exists(
              directory.resolve(
                  "hub/.locks/models--team--tiny/%s.lock"
                      .formatted(
                          FakeHub.digest("config.json", content(files, "config.json")).hex()))));
      assertEquals(Optional.of(snapshot), store(hub).find(TINY));
      assertTrue(notes.said.getFirst().contains("licence mit"), notes.said::toString);
    }
  }

  @Test
  void pull_severalForms_takesSafetensorsAndNeverCode() throws IOException {
    Map<String, byte[]> files = files();
    files.put("pytorch_model.bin", bytes(100));
    files.put("tf_model.h5", bytes(100));
    files.put("modeling_tiny.py", bytes(100));
    files.put("onnx/model.onnx", bytes(100));
    files.put("../../../escape.json", bytes(100));
    files.put("LICENSE", bytes(100));
    try (FakeHub hub = hub(files)) {
      assertEquals(
          List.of("LICENSE", "README.md", "config.json", "model.safetensors", "tokenizer.json"),
          names(pull(hub)));
    }
  }

  @Test
  void pull_shards_comeByTheirIndex() throws IOException {
    Map<String, byte[]> files = files();
    files.remove("model.safetensors");
    files.put("model-00001-of-00002.safetensors", bytes(1000));
    files.put("model-00002-of-00002.safetensors", bytes(2000));
    files.put("model-00003-of-00003.safetensors", bytes(3000));
    files.put(
        "model.safetensors.index.json",
        "{\"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\", \"b\": \"model-00002-of-00002.safetensors\"}}"
            .getBytes(StandardCharsets.UTF_8));
    try (FakeHub hub = hub(files)) {
      assertEquals(6, names(pull(hub)).size());
      assertEquals(0, hub.served("model-00003-of-00003.safetensors"));
    }
    files.remove("model-00002-of-00002.safetensors");
    try (FakeHub hub = hub(files)) {
      assertRefused(hub, Reason.INVALID_MODEL, "names model-00002-of-00002.safetensors, which");
    }
  }

  @Test
  void pull_onlyBin_takesIt() throws IOException {
    Map<String, byte[]> files = files();
    files.put("pytorch_model.bin", files.remove("model.safetensors"));
    try (FakeHub hub = hub(files)) {
      assertTrue(names(pull(hub)).contains("pytorch_model.bin"));
    }
  }

  @Test
  void pull_listWithoutDigests_asksForEach() throws IOException {
    try (FakeHub hub = hub(files())) {
      hub.describe(false);
      assertEquals(4, names(pull(hub)).size());
      assertTrue(hub.requests().stream().anyMatch(request -> request.method().equals("HEAD")));
      assertTrue(
          hub.storeRequests().stream().noneMatch(request -> request.method().equals("HEAD")));
    }
  }

  @Test
  void pull_again_fetchesNothing() throws IOException {
    try (FakeHub hub = hub(files())) {
      pull(hub);
      long before = notes.received;
      pull(hub);
      assertEquals(before, notes.received);
      assertEquals(before, notes.found);
    }
  }

  @Test
  void pull_newCommit_fetchesWhatChangedAndMovesTheRef() throws IOException {
    Map<String, byte[]> files = files();
    try (FakeHub hub = hub(files)) {
      Path old = pull(hub);
      long before = hub.served("model.safetensors");
      hub.put("README.md", "---\nlicense: apache-2.0\n---\n".getBytes(StandardCharsets.UTF_8));
      Path now = pull(hub);
      assertFalse(old.equals(now));
      assertEquals(before, hub.served("model.safetensors"));
      assertEquals(Optional.of(now), store(hub).find(TINY));
      List<StoredModel> here = store(hub).revisions(TINY, ID);
      assertEquals(2, here.size());
      StoredModel model =
          here.stream().filter(each -> each.refs().contains("main")).findFirst().orElseThrow();
      assertEquals(Optional.of("apache-2.0"), model.license());
      here.stream().filter(each -> each != model).forEach(store(hub)::remove);
      assertEquals(List.of(), store(hub).damage(model));
      assertEquals(1, store(hub).list().size());
      assertEquals(model.bytes(), store(hub).remove(model));
      assertEquals(List.of(), store(hub).list());
    }
  }

  @Test
  void pull_newCommitThatBreaksOff_leavesTheOldOne() throws IOException {
    Map<String, byte[]> files = files();
    try (FakeHub hub = hub(files)) {
      Path old = pull(hub);
      hub.put("model.safetensors", bytes(60_000));
      hub.be((request, answer) ->
          request.path().equals("/model.safetensors") ? Answer.of(404, Map.of()) : answer);
      assertRefused(hub, Reason.MODEL_NOT_FOUND, "");
      assertEquals(Optional.of(old), store(hub).find(TINY));
    }
  }

  @Test
  void pull_commit_pinsIt() throws IOException {
    try (FakeHub hub = hub(files())) {
      ModelReference pinned = ModelReference.parse(ID + "@" + hub.commit()).orElseThrow();
      Path snapshot = store(hub).pull(pinned, 2, notes);
      assertEquals(Optional.of(snapshot), store(hub).find(pinned));
      assertEquals(Optional.empty(), store(hub).find(TINY));
      NunchiException e =
          assertThrows(
              NunchiException.class,
              () -> store(hub).pull(ModelReference.parse(ID + "@v9").orElseThrow(), 2, notes));
      assertEquals(hub.uri() + "/team/tiny has no revision v9", e.getMessage());
    }
  }

  @Test
  void pull_token_goesToTheHubAlone() throws IOException {
    try (FakeHub hub = hub(files())) {
      pull(hub);
      for (Request request : hub.requests()) {
        boolean isStore = hub.storeRequests().contains(request);
        assertEquals(isStore ? "" : "Bearer hf_secret", request.header("Authorization"));
      }
      assertEquals(1, hub.storeRequests().size());
    }
  }

  @Test
  void pull_refused_saysWhatHelps() throws IOException {
    try (FakeHub hub = hub(files())) {
      String gated = "accept its terms at " + hub.uri() + "/team/tiny";
      Map<String, Answer> answers = new HashMap<>();
      answers.put(gated, Answer.of(403, Map.of("X-Error-Code", "GatedRepo")));
      answers.put(gated + " ", Answer.of(403, Map.of()));
      answers.put("does not take the token", Answer.of(401, Map.of()));
      answers.put("knows no model team/tiny", Answer.of(404, Map.of()));
      answers.put("answered 418", Answer.of(418, Map.of()));
      answers.forEach((expected, answer) -> {
        hub.be((request, usual) -> answer);
        NunchiException e = assertThrows(NunchiException.class, () -> pull(hub));
        assertTrue(e.getMessage().contains(expected.strip()), e::getMessage);
        assertFalse(e.getMessage().contains("hf_secret"), e::getMessage);
      });
      hub.be((request, usual) ->
          request.path().contains("/resolve/")
              ? Answer.of(401, Map.of("X-Error-Code", "GatedRepo"))
              : usual);
      assertRefused(hub, Reason.UNAUTHENTICATED, gated);
    }
  }

  @Test
  void pull_tooManyRequests_waitsAsLongAsItIsAsked() throws IOException {
    AtomicInteger refused = new AtomicInteger();
    try (FakeHub hub = hub(files())) {
      hub.be((request, answer) ->
          refused.getAndIncrement() < 1 ? Answer.of(429, Map.of("Retry-After", "1")) : answer);
      long start = System.nanoTime();
      pull(hub);
      assertTrue(System.nanoTime() - start >= Duration.ofSeconds(1).toNanos());
      assertTrue(
          notes.said.contains(
              hub.uri() + ": the server has too many requests; trying again in a second"),
          notes.said::toString);
      hub.be((request, answer) -> Answer.of(429, Map.of("Retry-After", "3600")));
      assertRefused(hub, Reason.UNAVAILABLE, "asks to come back in 3600 seconds");
    }
  }

  @Test
  void pull_serverFails_isTriedAgainAndThenSaid() throws IOException {
    AtomicInteger failures = new AtomicInteger();
    try (FakeHub hub = hub(files())) {
      hub.be(
          (request, answer) -> failures.incrementAndGet() <= 2 ? Answer.of(503, Map.of()) : answer);
      pull(hub);
      hub.be((request, answer) -> Answer.of(500, Map.of()));
      assertRefused(hub, Reason.UNAVAILABLE, "the server answered 500, 3 times in a row");
    }
  }

  @Test
  void pull_silence_isLeftAndGoneOn() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    try (FakeHub hub = hub(files())) {
      hub.be((request, answer) ->
          request.path().equals("/model.safetensors") && asked.getAndIncrement() == 0
              ? answer.silent(20_000)
              : answer);
      Path snapshot = pull(hub);
      assertEquals(40_000, Files.size(snapshot.resolve("model.safetensors")));
      assertEquals("bytes=20000-", hub.storeRequests().getLast().header("Range"));
      assertEquals(40_000, hub.served("model.safetensors"));
    }
  }

  @Test
  void pull_cut_goesOnFromThere() throws IOException {
    try (FakeHub hub = hub(files())) {
      hub.be((request, answer) ->
          request.path().equals("/model.safetensors") ? answer.cut(15_000, false) : answer);
      pull(hub);
      assertEquals(
          List.of("", "bytes=15000-", "bytes=30000-"),
          hub.storeRequests().stream().map(request -> request.header("Range")).toList());
      assertEquals(40_000, hub.served("model.safetensors"));
    }
  }

  @Test
  void pull_nothingMoreComes_endsWithAnAdvice() throws IOException {
    try (FakeHub hub = hub(files())) {
      hub.be((request, answer) ->
          request.path().equals("/model.safetensors") ? answer.cut(0, false) : answer);
      assertRefused(
          hub,
          Reason.UNAVAILABLE,
          "model.safetensors: the connection broke, 3 times in a row; the same command goes on");
      hub.be(FakeHub.Mood.GOOD);
      pull(hub);
    }
  }

  @Test
  void pull_rangesAreIgnored_beginsAnew() throws IOException {
    Map<String, byte[]> files = files();
    AtomicInteger asked = new AtomicInteger();
    try (FakeHub hub = hub(files)) {
      hub.be((request, answer) ->
          !request.path().equals("/model.safetensors")
              ? answer
              : asked.getAndIncrement() == 0
                  ? answer.cut(15_000, false)
                  : Answer.of(200, Map.of(), content(files, "model.safetensors")));
      Path snapshot = pull(hub);
      assertArrayEquals(
          content(files, "model.safetensors"),
          Files.readAllBytes(snapshot.resolve("model.safetensors")));
      assertTrue(notes.said.contains("lost 15000"), notes.said::toString);
    }
  }

  @Test
  void pull_lies_areSaidByFileWithWhatWasExpectedAndCame() throws IOException {
    Map<String, byte[]> files = files();
    byte[] wrong = bytes(40_000);
    wrong[7]++;
    String listed = FakeHub.digest("model.safetensors", content(files, "model.safetensors")).hex();
    Map<String, FakeHub.Mood> lies = new TreeMap<>();
    lies.put(
        "model.safetensors: a SHA-256 of %s was expected, but %s came; it was deleted"
            .formatted(listed, FakeHub.digest("x.bin", wrong).hex()),
        large(answer -> answer.withBody(wrong)));
    lies.put(
        "model.safetensors: 40,000 bytes were listed, but 39,999 are announced",
        large(answer -> answer.withBody(Arrays.copyOf(wrong, 39_999))));
    lies.put(
        "model.safetensors: 40,000 bytes were listed, but more came",
        large(answer ->
            answer
                .withBody(
                    ("A000\r\n" + "x".repeat(0xa000) + "\r\n0\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII))
                .with("Transfer-Encoding", "chunked")));
    lies.put(
        "model.safetensors: the file as it is was asked for, but it came as gzip",
        large(answer -> answer.with("Content-Encoding", "gzip")));
    lies.put(
        "config.json: a git SHA-1 of %s was listed, but %s is announced"
            .formatted(
                FakeHub.digest("config.json", content(files, "config.json")).hex(), "0".repeat(40)),
        (request, answer) ->
            request.path().endsWith("config.json")
                ? answer.with("ETag", "W/\"" + "0".repeat(40) + "\"")
                : answer);
    lies.put(
        "model.safetensors: a SHA-256 of %s was listed, but %s is announced"
            .formatted(listed, "f".repeat(64)),
        (request, answer) ->
            request.path().endsWith("model.safetensors") && answer.status() == 302
                ? answer.with("X-Linked-Etag", "\"" + "f".repeat(64) + "\"")
                : answer);
    for (Map.Entry<String, FakeHub.Mood> lie : lies.entrySet()) {
      try (FakeHub hub = hub(files)) {
        hub.be(lie.getValue());
        assertRefused(hub, Reason.INVALID_MODEL, lie.getKey());
        hub.be(FakeHub.Mood.GOOD);
        pull(hub);
        store(hub).revisions(TINY, ID).forEach(store(hub)::remove);
      }
    }
  }

  @Test
  void pull_liesOfWhereItGoesOn_areSaid() throws IOException {
    for (String range : List.of("bytes 0-39999/40000", "bytes 15000-39999/50000", "all of it")) {
      AtomicInteger asked = new AtomicInteger();
      try (FakeHub hub = hub(files())) {
        hub.be(
            large(answer ->
                asked.getAndIncrement() == 0
                    ? answer.cut(15_000, false)
                    : answer.with("Content-Range", range)));
        assertRefused(hub, Reason.INVALID_MODEL, "model.safetensors: ");
        hub.be(FakeHub.Mood.GOOD);
        pull(hub);
        store(hub).revisions(TINY, ID).forEach(store(hub)::remove);
      }
    }
  }

  @Test
  void pull_leftoverThatIsDamaged_isFetchedAnew() throws IOException {
    Map<String, byte[]> files = files();
    try (FakeHub hub = hub(files)) {
      Path blobs = directory.resolve("hub/models--team--tiny/blobs");
      Files.createDirectories(blobs);
      String digest =
          FakeHub.digest("model.safetensors", content(files, "model.safetensors")).hex();
      Files.write(blobs.resolve(digest + ".incomplete"), new byte[40_000]);
      Path snapshot = pull(hub);
      assertEquals(List.of(), store(hub).damage(store(hub).list().getFirst()));
      Files.write(blobs.resolve(digest), new byte[40_000]);
      assertEquals(1, store(hub).damage(store(hub).list().getFirst()).size());
      pull(hub);
      assertArrayEquals(
          content(files, "model.safetensors"),
          Files.readAllBytes(snapshot.resolve("model.safetensors")));
    }
  }

  @Test
  void pull_moreThanTheDiskHas_isRefusedBeforeItIsFetched() throws IOException {
    try (FakeHub hub = hub(files())) {
      hub.be((request, answer) ->
          request.path().startsWith("/api/")
              ? answer.withBody(
                  new String(answer.body(), StandardCharsets.UTF_8)
                      .replace("40000", "4000000000000000")
                      .getBytes(StandardCharsets.UTF_8))
              : answer);
      assertRefused(hub, Reason.IO_FAILURE, "team/tiny needs 4,000,000,000,000,000 bytes more");
      assertEquals(0, hub.served("model.safetensors"));
    }
  }

  @Test
  void pull_noHub_isSaid() throws IOException {
    try (FakeHub hub = hub(files())) {
      for (String answer : List.of("<html>", "{}", "[]", "")) {
        hub.be((request, usual) -> Answer.json(answer));
        assertRefused(hub, Reason.UNAVAILABLE, "does not answer as a hub does");
      }
      hub.be((request, usual) -> usual.with("Content-Length", "many"));
      assertThrows(NunchiException.class, () -> pull(hub));
      hub.be((request, usual) -> Answer.of(302, Map.of("Location", request.path())));
      assertRefused(hub, Reason.UNAVAILABLE, "more than 10 redirects");
      hub.be((request, usual) -> Answer.of(302, Map.of("Location", "file:///etc/passwd")));
      assertRefused(hub, Reason.UNAVAILABLE, "a redirect to 'file:///etc/passwd'");
    }
  }

  @Test
  void pull_noServer_isSaid() throws IOException {
    FakeHub hub = hub(files());
    hub.close();
    assertRefused(hub, Reason.UNAVAILABLE, hub.uri() + ": no connection can be made to it");
  }

  @Test
  void pull_noModelOfTransformers_isRefusedBeforeItIsFetched() throws IOException {
    Map<String, byte[]> files = files();
    files.remove("config.json");
    try (FakeHub hub = hub(files)) {
      assertRefused(hub, Reason.UNSUPPORTED_MODEL, "team/tiny has no config.json");
      assertFalse(Files.exists(directory.resolve("hub")));
    }
  }

  @Test
  void pull_adapter_isFetchedWithoutItsBase() throws IOException {
    Map<String, byte[]> files =
        new HashMap<>(
            Map.of(
                "adapter_config.json", bytes(10),
                "adapter_model.safetensors", bytes(100),
                "optimizer.pt", bytes(10)));
    try (FakeHub hub = hub(files)) {
      Path pulled = pull(hub);
      assertEquals(
          List.of("adapter_config.json", "adapter_model.safetensors"),
          CopiedDirectory.entries(pulled).stream()
              .map(entry -> entry.getFileName().toString())
              .sorted()
              .toList());
    }
  }

  @Test
  void pull_offline_isRefused() throws IOException {
    try (FakeHub hub = hub(files())) {
      NunchiException e =
          assertThrows(
              NunchiException.class,
              () ->
                  new ModelStore(settings(hub).withoutNetwork()).pull(TINY, 1, PullListener.NONE));
      assertTrue(e.getMessage().startsWith("team/tiny is not fetched"), e::getMessage);
      assertEquals(List.of(), hub.requests());
    }
  }

  @Test
  void pull_twoAtATime_fetchOnce() throws Exception {
    try (FakeHub hub = hub(files())) {
      hub.be((request, answer) -> answer.slow(20));
      Thread other = Thread.ofPlatform().start(() -> pull(hub));
      pull(hub);
      other.join();
      assertEquals(40_000, hub.served("model.safetensors"));
    }
  }

  private static FakeHub.Mood large(UnaryOperator<Answer> lie) {
    return (request, answer) ->
        request.path().equals("/model.safetensors") ? lie.apply(answer) : answer;
  }

  private void assertRefused(FakeHub hub, Reason reason, String part) {
    NunchiException e = assertThrows(NunchiException.class, () -> pull(hub));
    assertEquals(reason, e.reason(), e::getMessage);
    assertTrue(e.getMessage().contains(part), e::getMessage);
  }

  private Path pull(FakeHub hub) {
    return store(hub).pull(TINY, 3, notes);
  }

  private ModelStore store(FakeHub hub) {
    return new ModelStore(settings(hub));
  }

  private HubSettings settings(FakeHub hub) {
    HubSettings settings =
        HubSettings.of(
            Map.of(
                "HF_ENDPOINT", hub.uri().toString(),
                "HF_HOME", directory.toString(),
                "NUNCHI_CACHE", directory.resolve("nunchi").toString(),
                "HF_TOKEN", "hf_secret"));
    return settings.bearing(SILENCE, SHORT);
  }

  private static FakeHub hub(Map<String, byte[]> files) throws IOException {
    return new FakeHub(ID, "mit", files);
  }

  private static Map<String, byte[]> files() {
    Map<String, byte[]> files = new TreeMap<>();
    files.put("config.json", "{\"model_type\": \"bert\"}".getBytes(StandardCharsets.UTF_8));
    files.put("tokenizer.json", bytes(5000));
    files.put("README.md", "---\nlicense: mit\n---\n".getBytes(StandardCharsets.UTF_8));
    files.put(".gitattributes", bytes(100));
    files.put("model.safetensors", bytes(40_000));
    return files;
  }

  private static byte[] content(Map<String, byte[]> files, String name) {
    return Objects.requireNonNull(files.get(name), name);
  }

  private static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    new Random(count).nextBytes(bytes);
    return bytes;
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
