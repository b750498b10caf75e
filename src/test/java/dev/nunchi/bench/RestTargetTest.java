package dev.nunchi.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RestTargetTest {
  /// Of a server that says nothing, and of one that does not go on after the head of its answer.
  @ParameterizedTest
  @ValueSource(strings = {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"})
  void call_overItsDeadline_leavesTheServer(String said) throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      server.setSoTimeout(10_000);
      // Without a deadline, so that the classes that a first call loads use up none.
      try (Target patient = target(server, Optional.empty())) {
        CompletableFuture<Void> call = patient.call(0);
        try (Socket caller = server.accept()) {
          requireAsked(caller);
          say(caller, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
          call.join();
        }
      }
      try (Target hurried = target(server, Optional.of(Duration.ofMillis(500)))) {
        CompletableFuture<Void> call = hurried.call(0);
        try (Socket caller = server.accept()) {
          InputStream asked = requireAsked(caller);
          say(caller, said);
          // Ends where the caller has gone, and times out where it stays.
          asked.readAllBytes();
        }
        Throwable thrown = assertThrows(CompletionException.class, call::join).getCause();
        assertEquals("DEADLINE_EXCEEDED", assertInstanceOf(Target.Refused.class, thrown).reason());
      }
    }
  }

  private static RestTarget target(ServerSocket server, Optional<Duration> deadline) {
    return new RestTarget(
        new Address(
            server.getInetAddress().getHostAddress(),
            server.getLocalPort(),
            Connections.ONE,
            "",
            Optional.empty(),
            deadline),
        new Texts(List.of("가")));
  }

  /// The request, the first character of which has come.
  private static InputStream requireAsked(Socket caller) throws IOException {
    caller.setSoTimeout(10_000);
    InputStream asked = caller.getInputStream();
    assertEquals('P', asked.read());
    return asked;
  }

  private static void say(Socket caller, String said) throws IOException {
    caller.getOutputStream().write(said.getBytes(StandardCharsets.UTF_8));
  }
}
