package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The programs in `examples`, run as a reader of their README would.
enum ExampleClient {
  JAVA {
    @Override
    List<String> command() {
      return List.of(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          "-XX:TieredStopAtLevel=1",
          "-cp",
          System.getProperty("java.class.path"),
          "examples/java/SentimentClient.java");
    }
  },
  PYTHON {
    @Override
    List<String> command() {
      return List.of(
          System.getProperty("clients.python", "python3"), "examples/python/sentiment_client.py");
    }
  },
  NODE {
    @Override
    List<String> command() {
      return List.of("node", "examples/node/sentiment-client.mjs");
    }
  };

  private static final long PATIENCE_SECONDS = 60;

  abstract List<String> command();

  /// How a client ended and what it wrote.
  record Result(int exitCode, String out, String err) {}

  /// @param token empty for none
  Result run(String token, String input, String... arguments) {
    try {
      List<String> command = new ArrayList<>(command());
      command.addAll(List.of(arguments));
      ProcessBuilder process = new ProcessBuilder(command);
      process.environment().remove("NUNCHI_TOKEN");
      process.environment().put("LC_ALL", "C.UTF-8");
      if (!token.isEmpty()) {
        process.environment().put("NUNCHI_TOKEN", token);
      }
      Path directory = Files.createTempDirectory("nunchi-client");
      Path in = Files.writeString(directory.resolve("in"), input);
      Path out = directory.resolve("out");
      Path err = directory.resolve("err");
      Process running =
          process
              .redirectInput(in.toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      try {
        assertTrue(running.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "the client ends");
      } finally {
        running.destroyForcibly();
      }
      return new Result(
          running.exitValue(),
          Files.readString(out, StandardCharsets.UTF_8),
          Files.readString(err, StandardCharsets.UTF_8));
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
