package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What each client of `examples` does at a server that asks for a token.
abstract class ExampleClientCases {
  private static final String TEXT = "영화 정말 좋다!";

  private final ExampleClient client;

  ExampleClientCases(ExampleClient client) {
    this.client = client;
  }

  @Test
  void health_withoutToken_isServing() {
    ExampleClient.Result result =
        client.run("", "", "--target", target(), "--deadline", "10", "health");
    assertEquals("SERVING\n", result.out(), result.err());
    assertEquals(0, result.exitCode());
  }

  @Test
  void classify_withToken_answersEachText() {
    ExampleClient.Result result =
        client.run(
            GuardedServer.TOKEN,
            "",
            "--target",
            target(),
            "--deadline",
            "10",
            "classify",
            TEXT,
            TEXT);
    String line = "부정\t0.4142\t" + TEXT + "\n";
    assertEquals(line + line, result.out(), result.err());
    assertEquals(0, result.exitCode());
  }

  @Test
  void classify_withoutToken_saysWhy() {
    ExampleClient.Result result =
        client.run("", "", "--target", target(), "--deadline", "10", "classify", TEXT);
    assertEquals("", result.out());
    assertTrue(result.err().contains("UNAUTHENTICATED: The call carries no token"), result.err());
    assertEquals(1, result.exitCode());
  }

  @Test
  void classify_deadlineThatPasses_saysSo() {
    ExampleClient.Result result =
        client.run(
            GuardedServer.TOKEN, "", "--target", target(), "--deadline", "0.001", "classify", TEXT);
    assertEquals("", result.out());
    assertTrue(result.err().contains("DEADLINE_EXCEEDED"), result.err());
    assertEquals(1, result.exitCode());
  }

  @Test
  void stream_manyTexts_answersEachOnce() {
    int count = 500;
    ExampleClient.Result result =
        client.run(
            GuardedServer.TOKEN, (TEXT + "\n").repeat(count), "--target", target(), "stream");
    assertEquals(0, result.exitCode(), result.err());
    Set<String> expected =
        IntStream.rangeClosed(1, count)
            .mapToObj(id -> id + "\t부정\t0.4142")
            .collect(Collectors.toSet());
    assertEquals(expected, result.out().lines().collect(Collectors.toSet()));
    assertEquals(count, result.out().lines().count());
  }

  private static String target() {
    return "localhost:" + ServerUnderTest.port();
  }
}
