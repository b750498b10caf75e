package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.ProblemType;
import dev.nunchi.data.Example;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoringTest {
  private static final List<Example> TEXTS =
      IntStream.range(0, 300)
          .mapToObj(i -> new Example("t" + i, "글 " + i + "!".repeat(i % 50), List.of()))
          .toList();

  @TempDir private Path directory;
  private final FakeTeacher teacher = FakeTeacher.ofReviews("부정", "긍정");
  private final Watcher watcher = new Watcher();

  @Test
  void run_anyRounds_asksForTheSameBatchesLongestFirst() {
    List<List<List<String>>> batches = new ArrayList<>();
    // Rounds that grow, and rounds of one batch.
    for (long nanos : List.of(1_000L, 10_000_000_000L)) {
      ConcurrentLinkedQueue<List<String>> asked = new ConcurrentLinkedQueue<>();
      teacher.before = texts -> asked.add(texts.stream().map(Example::text).toList());
      AtomicLong clock = new AtomicLong();
      scoring(directory.resolve("made" + nanos), () -> clock.addAndGet(nanos))
          .run(directory.resolve("made" + nanos), new StopSignal());
      batches.add(asked.stream().sorted((a, b) -> a.toString().compareTo(b.toString())).toList());
    }
    assertEquals(batches.get(0), batches.get(1));
    assertEquals(10, batches.getFirst().size());
    List<String> first = teacher.asked.subList(0, 32);
    assertTrue(first.stream().allMatch(text -> text.length() > 45), first::toString);
    assertEquals(1, watcher.share);
    assertEquals(300, watcher.done);
  }

  @Test
  void run_processKilledAfterAMinute_leavesWhatWasScoredBefore() {
    AtomicLong clock = new AtomicLong();
    List<Integer> kept = new ArrayList<>();
    teacher.before =
        texts -> {
          if (!Files.exists(directory.resolve("made"))) {
            return;
          }
          // What a process that is killed now leaves, as the next one reads it.
          KeptScores left = kept(directory.resolve("made"));
          kept.add((int) TEXTS.stream().filter(text -> left.has(left.key(text))).count());
        };
    scoring(directory.resolve("made"), () -> clock.addAndGet(61_000_000_000L))
        .run(directory.resolve("made"), new StopSignal());
    assertEquals(List.of(0, 32, 64, 96, 128, 160, 192, 224, 256, 288), kept);
    assertEquals(300, TEXTS.stream().filter(text -> has(text)).count());
  }

  @Test
  void run_damagedOrForeignFile_isSetAsideAndScoredAnew() throws IOException {
    Scoring first = scoring(directory, System::nanoTime);
    first.run(directory, new StopSignal());
    Path file = kept(directory).file();
    byte[] whole = Files.readAllBytes(file);
    byte[] flipped = whole.clone();
    flipped[whole.length / 2] ^= 1;
    byte[] other = whole.clone();
    other[30] = (byte) (other[30] == 'a' ? 'b' : 'a');
    List<Fault> damaged = new ArrayList<>();
    damaged.add(new Fault(flipped, "is damaged"));
    damaged.add(new Fault(Arrays.copyOf(whole, whole.length - 7), "is damaged"));
    damaged.add(new Fault(Arrays.copyOf(whole, whole.length + 7), "is damaged"));
    damaged.add(new Fault(Arrays.copyOf(whole, 100), "is damaged"));
    damaged.add(new Fault(other, "holds the scores of another teacher"));
    damaged.add(new Fault(new byte[0], "does not hold a teacher's scores"));
    damaged.add(
        new Fault("my notes".getBytes(StandardCharsets.UTF_8), "does not hold a teacher's scores"));
    for (Fault fault : damaged) {
      Files.write(file, fault.bytes);
      List<String> notes = new ArrayList<>();
      KeptScores scores = KeptScores.in(directory, teacher.description(), notes::add);
      assertEquals(
          List.of(
              "%s %s, so the texts are scored anew; it stays under another name"
                  .formatted(file, fault.said)),
          notes);
      Scoring again = new Scoring(teacher, scores, TEXTS, watcher);
      assertEquals(300, again.missing());
      assertArrayEquals(fault.bytes, Files.readAllBytes(file), "looking changes nothing");
      again.run(directory, new StopSignal());
      assertEquals(Files.size(file), whole.length);
      assertEquals(0, new Scoring(teacher, kept(directory), TEXTS, watcher).missing());
    }
    assertEquals(damaged.size(), count(".kept"));
  }

  @Test
  void run_otherTeacher_keepsItsScoresBesideThoseOfTheFirst() throws IOException {
    scoring(directory, System::nanoTime).run(directory, new StopSignal());
    FakeTeacher second =
        new FakeTeacher(
            FakeTeacher.described("second", ProblemType.SINGLE_LABEL_CLASSIFICATION, 1, "부정", "긍정"),
            text -> new float[2]);
    KeptScores scores = KeptScores.in(directory, second.description(), note -> {});
    Scoring scoring = new Scoring(second, scores, TEXTS, watcher);
    assertEquals(300, scoring.missing());
    scoring.run(directory, new StopSignal());
    assertEquals(2, count(".dat"));
  }

  /// What stands in the place of the scores, and what is said of it.
  private record Fault(byte[] bytes, String said) {}

  private long count(String part) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.toString().contains(part)).count();
    }
  }

  @Test
  void missing_contextThatTheTeacherDoesNotRead_isNoOtherText() {
    KeptScores scores = kept(directory);
    Example text = TEXTS.getFirst();
    Example about = new Example("x", text.text(), List.of(), "요약");
    assertEquals(scores.key(text), scores.key(about));
    assertEquals(1, new Scoring(teacher, scores, List.of(text, about, text), watcher).missing());
    assertFalse(Files.exists(scores.file()));
  }

  private boolean has(Example text) {
    KeptScores scores = kept(directory.resolve("made"));
    return scores.has(scores.key(text));
  }

  private KeptScores kept(Path place) {
    return KeptScores.in(
        place,
        teacher.description(),
        note -> {
          throw new AssertionError(note);
        });
  }

  private Scoring scoring(Path place, LongSupplier clock) {
    return new Scoring(teacher, kept(place), TEXTS, watcher, clock);
  }

  private static final class Watcher implements TrainingListener {
    private int done;
    private double share;

    @Override
    public void preparing(String stage) {}

    @Override
    public void planned(Plan plan) {}

    @Override
    public void stepped(Step step) {}

    @Override
    public void evaluated(long step, Evaluation evaluation, boolean best) {}

    @Override
    public void saved(Path place) {}

    @Override
    public void scored(int texts, int total, double part) {
      done = texts;
      share = part;
    }
  }
}
