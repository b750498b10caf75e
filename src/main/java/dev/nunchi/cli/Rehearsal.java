package dev.nunchi.cli;

import dev.nunchi.bench.FirstCalls;
import io.quarkus.runtime.Quarkus;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;

/// What Java's ahead-of-time cache is recorded from: a process that does what a first minute of use
/// does, and ends.
///
/// It classifies on the command line, then serves the built-in models and calls itself over every
/// protocol. What is loaded, linked and counted here need not be in a later start. It says nothing
/// unless it fails: a cache of half of it would be slower and no error.
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

  private static int serve() {
    int port = freePort();
    Thread caller = Thread.ofPlatform().daemon().start(() -> callAndEnd(port));
    int exitCode = program("serve", "--host", HOST, "--port", Integer.toString(port));
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

  private static void callAndEnd(int port) {
    int exitCode = 1;
    try {
      new FirstCalls(HOST, port, TEXTS).make();
      exitCode = 0;
    } catch (IOException | RuntimeException e) {
      System.err.println("nunchi: The rehearsal failed: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      Quarkus.asyncExit(exitCode);
    }
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
