package dev.nunchi.cli;

import dev.nunchi.bench.FirstCalls;
import io.quarkus.runtime.Quarkus;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// What Java's ahead-of-time cache is recorded from: a process that does what a first minute of use
/// does, and ends.
///
/// It classifies on the command line, then serves the built-in models and is called over every
/// protocol, by a process of its own: what calls a server is nothing that a server needs, and all
/// that is loaded here lies in the memory of each one later. What is loaded and linked here need
/// not be in a later start. It says nothing unless it fails: a cache of half of it would be slower
/// and no error.
final class Rehearsal {
  private static final String HOST = "127.0.0.1";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final List<String> TEXTS =
      List.of(
          "이 영화 정말 재미있어요",
          "시간이 아까워요",
          "배송이 빠르고 좋아요!!! ㅋㅋㅋㅋ",
          "환불해 주세요 ㅠㅠ It was not what I ordered.",
          "그냥 그래요… 👍");

  /// @return the exit code
  int run() {
    int exitCode = program("classify", TEXTS.getFirst());
    return exitCode == 0 ? serve() : exitCode;
  }

  /// Calls a server on this machine, once it is ready.
  ///
  /// @return the exit code
  static int call(String port) {
    try {
      new FirstCalls(HOST, Integer.parseInt(port), TEXTS).make();
      return 0;
    } catch (IOException | RuntimeException e) {
      System.err.println("nunchi: The rehearsal failed: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return 1;
  }

  private static int serve() {
    String port = Integer.toString(freePort());
    Thread caller =
        Thread.ofPlatform().daemon().start(() -> Quarkus.asyncExit(callFromOutside(port)));
    int exitCode = program("serve", "--host", HOST, "--port", port);
    try {
      caller.join(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return exitCode;
  }

  private static int program(String... arguments) {
    PrintWriter nowhere = new PrintWriter(PrintWriter.nullWriter());
    return new Program(
            Nunchi.commands(), System.getenv(), nowhere, new PrintWriter(System.err, true))
        .run(arguments);
  }

  private static int callFromOutside(String port) {
    Process caller = null;
    try {
      caller =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "--sun-misc-unsafe-memory-access=allow",
                  "-cp",
                  System.getProperty("java.class.path"),
                  // As this process was started, whose main class comes first.
                  System.getProperty("sun.java.command").split(" ", 2)[0],
                  Nunchi.REHEARSE,
                  port)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      if (caller.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        return caller.exitValue();
      }
      System.err.println("nunchi: The rehearsal did not end");
    } catch (IOException e) {
      System.err.println("nunchi: The rehearsal failed: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (caller != null) {
        caller.destroyForcibly();
      }
    }
    return 1;
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
