package dev.nunchi.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.hub.FakeServer.Answer;
import dev.nunchi.hub.FakeServer.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// Whatever a network and a server do, and whenever the process dies, a pull ends whole or says
/// why, leaves nothing that is not what it is named after, and what came is not fetched again.
///
/// `-Dnunchi.network.seeds=` says how many runs are tried, `-Dnunchi.network.kills=` how many
/// processes are killed; `mvn test -Pfaults` tries 100 and 20.
@Execution(ExecutionMode.CONCURRENT)
class BadNetworkTest {
  private static final int SEEDS = Integer.getInteger("nunchi.network.seeds", 20);
  private static final int KILLS = Integer.getInteger("nunchi.network.kills", 2);
  private static final String ID = "team/tiny";
  private static final ModelReference TINY = ModelReference.parse(ID).orElseThrow();

  /// What may be on its way, in the buffers of the system and of both programs, when a connection
  /// ends or a process dies.
  private static final int CHUNK_BYTES = 256 << 10;

  private static final int LIVES = 6;
  private static final String KILLED = "killed";
  private static final Patience SHORT =
      new Patience(4, Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofSeconds(1));

  @TempDir private Path temporary;

  /// A network of one seed: what goes wrong is drawn anew for every request.
  private static final class Weather implements FakeHub.Mood {
    private final Random random;
    private final boolean lies;

    /// By file: connections that were ended early, and bytes of lies, which are thrown away.
    final Map<String, Integer> breaks = new ConcurrentHashMap<>();

    final Map<String, Long> lied = new ConcurrentHashMap<>();

    Weather(Random random) {
      this.random = random;
      this.lies = random.nextInt(3) == 0;
    }

    @Override
    public synchronized Answer apply(Request request, Answer answer) {
      int body = answer.body().length;
      String name = name(request.path());
      int dice = random.nextInt(100);
      if (dice < 5) {
        return Answer.of(503, Map.of());
      }
      if (dice < 8) {
        return Answer.of(429, Map.of("Retry-After", "0"));
      }
      if (body == 0) {
        return answer;
      }
      if (dice < 45) {
        breaks.merge(name, 1, Integer::sum);
        return answer.cut(random.nextInt(body + 1), random.nextBoolean());
      }
      if (dice < 47) {
        breaks.merge(name, 1, Integer::sum);
        return answer.silent(random.nextInt(body + 1));
      }
      return lies && dice < 60 && !request.path().startsWith("/api/") ? lie(name, answer) : answer;
    }

    private Answer lie(String name, Answer answer) {
      lied.merge(name, Long.MAX_VALUE / 1000, Long::sum);
      byte[] body = answer.body().clone();
      body[random.nextInt(body.length)] ^= 1;
      return switch (random.nextInt(4)) {
        case 0 -> answer.withBody(body);
        case 1 -> answer.with("Content-Range", "bytes 0-1/2").with("Content-Length", "1");
        case 2 -> answer.with("ETag", "\"" + "0".repeat(40) + "\"");
        default -> answer.with("Content-Length", Long.toString(body.length + 1L));
      };
    }

    static String name(String path) {
      return path.substring(path.lastIndexOf('/') + 1).replaceFirst("\\?.*", "");
    }
  }

  /// Dies after some bytes have come.
  private static final class Mortal implements PullListener {
    private long left;

    Mortal(long life) {
      this.left = life;
    }

    @Override
    public void planned(String what, long bytes) {}

    @Override
    public void found(long bytes) {}

    @Override
    public synchronized void received(long bytes) {
      left -= bytes;
      if (left < 0) {
        throw new NunchiException(Reason.UNAVAILABLE, KILLED);
      }
    }

    @Override
    public void lost(long bytes) {}

    @Override
    public void noted(String sentence) {}

    @Override
    public void ended() {}
  }

  @Test
  void pull_overABadNetwork_endsWholeOrSaysWhyAndFetchesNothingTwice() throws IOException {
    long worst = 0;
    int whole = 0;
    int refused = 0;
    int killed = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed * 31L + 7);
      Map<String, byte[]> files = files(random);
      Path home = Files.createDirectory(temporary.resolve("seed-" + seed));
      Weather weather = new Weather(random);
      try (FakeHub hub = new FakeHub(ID, "mit", files)) {
        ModelStore store = new ModelStore(settings(hub, home, SHORT));
        hub.be(weather);
        String said = KILLED;
        for (int life = 0; life < LIVES && !said.isEmpty(); life++) {
          said =
              live(
                  store,
                  new Mortal(random.nextBoolean() ? random.nextInt(1_000_000) : Long.MAX_VALUE));
          killed += said.equals(KILLED) ? 1 : 0;
          whole += said.isEmpty() ? 1 : 0;
          refused += said.isEmpty() || said.equals(KILLED) ? 0 : 1;
          assertNamed(said, files, hub, "seed " + seed + ": " + said);
          assertTrueToNames(home, files, hub, said.isEmpty(), "seed " + seed);
        }
        hub.be(FakeHub.Mood.GOOD);
        assertEquals("", live(store, new Mortal(Long.MAX_VALUE)), "seed " + seed);
        assertTrueToNames(home, files, hub, true, "seed " + seed);
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
          String name = file.getKey();
          // Siblings of what fails are broken off too.
          int ends = weather.breaks.getOrDefault(name, 0) + LIVES;
          long twice = hub.served(name) - file.getValue().length;
          if (!weather.lied.containsKey(name)) {
            assertTrue(
                twice <= (long) ends * CHUNK_BYTES,
                "seed %d: %,d bytes of %s came twice after %d breaks"
                    .formatted(seed, twice, name, ends));
            worst = Math.max(worst, twice / ends);
          }
        }
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%d seeds: %d pulls whole, %d refused, %d killed; at most %,d bytes twice for a break%n",
        SEEDS,
        whole,
        refused,
        killed,
        worst);
  }

  /// A process in truth, killed while bytes come.
  @Test
  void pull_killedProcess_isGoneOnFrom() throws Exception {
    Map<String, byte[]> files = files(new Random(5));
    Path home = Files.createDirectory(temporary.resolve("killed"));
    try (FakeHub hub = new FakeHub(ID, "mit", files)) {
      Random random = new Random(1);
      for (int kill = 0; kill < KILLS; kill++) {
        long before = served(hub, files);
        hub.be((request, answer) -> answer.slow(4));
        Process process =
            new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    PullProcess.class.getName(),
                    hub.uri().toString(),
                    home.toString())
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("said").toFile())
                .start();
        long until = before + 10_000 + random.nextInt(90_000);
        while (served(hub, files) < until && process.isAlive()) {
          Thread.sleep(2);
        }
        assertTrue(process.isAlive() || process.exitValue() == 0, () -> said(home));
        process.destroyForcibly();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      }
      hub.be(FakeHub.Mood.GOOD);
      ModelStore store = new ModelStore(settings(hub, home, SHORT));
      assertEquals("", live(store, new Mortal(Long.MAX_VALUE)));
      assertTrueToNames(home, files, hub, true, "killed");
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        long twice = hub.served(file.getKey()) - file.getValue().length;
        assertTrue(twice <= (long) KILLS * CHUNK_BYTES, file.getKey() + ": " + twice);
      }
    }
  }

  /// What is killed.
  static final class PullProcess {
    private PullProcess() {}

    public static void main(String[] arguments) {
      HubSettings settings =
          HubSettings.of(Map.of("HF_ENDPOINT", arguments[0], "HF_HOME", arguments[1]));
      new ModelStore(settings).pull(TINY, 2, PullListener.NONE);
    }
  }

  private static String said(Path home) {
    try {
      return Files.readString(home.resolve("said"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static long served(FakeHub hub, Map<String, byte[]> files) {
    return files.keySet().stream().mapToLong(hub::served).sum();
  }

  /// @return why it ended, empty where it is whole
  private static String live(ModelStore store, PullListener listener) {
    try {
      store.pull(TINY, 3, listener);
      return "";
    } catch (NunchiException e) {
      return e.getMessage();
    }
  }

  private static void assertNamed(
      String said, Map<String, byte[]> files, FakeHub hub, String message) {
    assertTrue(
        said.isEmpty()
            || said.equals(KILLED)
            || said.startsWith(hub.uri().toString())
            || files.keySet().stream().anyMatch(name -> said.startsWith(name + ": ")),
        message);
  }

  /// Every blob is what its name says; where there is a ref, its snapshot is whole.
  private static void assertTrueToNames(
      Path home, Map<String, byte[]> files, FakeHub hub, boolean whole, String message)
      throws IOException {
    Path model = home.resolve("hub/models--team--tiny");
    for (Path blob : HubRepository.entries(model.resolve("blobs"))) {
      String name = blob.getFileName().toString();
      if (!name.endsWith(".incomplete")) {
        assertTrue(FileCheck.damage(blob, new ContentDigest(name)).isEmpty(), message);
      }
    }
    if (whole || Files.exists(model.resolve("refs/main"))) {
      for (String name : files.keySet()) {
        assertArrayEquals(
            files.get(name),
            Files.readAllBytes(model.resolve("snapshots").resolve(hub.commit()).resolve(name)),
            message + ", " + name);
      }
      assertEquals(hub.commit(), Files.readString(model.resolve("refs/main")), message);
    }
  }

  private static Map<String, byte[]> files(Random random) {
    Map<String, byte[]> files = new TreeMap<>();
    files.put("config.json", "{\"model_type\": \"bert\"}".getBytes(StandardCharsets.UTF_8));
    files.put("tokenizer.json", bytes(random, 300_000));
    files.put("README.md", bytes(random, 2000));
    switch (random.nextInt(3)) {
      case 0 -> files.put("model.safetensors", bytes(random, 3_000_000));
      case 1 -> files.put("pytorch_model.bin", bytes(random, 2_000_000));
      default -> {
        List<String> shards =
            List.of("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
        shards.forEach(shard -> files.put(shard, bytes(random, 1_500_000)));
        files.put(
            "model.safetensors.index.json",
            "{\"weight_map\": {\"a\": \"%s\", \"b\": \"%s\"}}"
                .formatted(shards.getFirst(), shards.getLast())
                .getBytes(StandardCharsets.UTF_8));
      }
    }
    return files;
  }

  private static byte[] bytes(Random random, int most) {
    byte[] bytes = new byte[most / 2 + random.nextInt(most / 2)];
    random.nextBytes(bytes);
    return bytes;
  }

  private static HubSettings settings(FakeHub hub, Path home, Patience patience) {
    HubSettings settings =
        HubSettings.of(Map.of("HF_ENDPOINT", hub.uri().toString(), "HF_HOME", home.toString()));
    return settings.bearing(Duration.ofMillis(500), patience);
  }
}
