package dev.nunchi.bench;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A server of this very program in a process of its own, on the loopback, for the time of a load.
public final class OwnServer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration END = Duration.ofSeconds(20);

  private final Process process;
  private final int port;
  private final Path log;

  /// Where this program is ended from outside.
  private final Thread ending = new Thread(this::close);

  private OwnServer(Process process, int port, Path log) {
    this.process = process;
    this.port = port;
    this.log = log;
    Runtime.getRuntime().addShutdownHook(ending);
  }

  /// Returns when it is ready.
  ///
  /// @param arguments of `nunchi serve`, but `--port` and `--host`
  public static OwnServer start(List<String> arguments) {
    try {
      Path log = Files.createTempFile("nunchi-bench", ".log");
      int port = freePort();
      List<String> command = new ArrayList<>(program());
      command.addAll(List.of("serve", "--host", "127.0.0.1", "--port", Integer.toString(port)));
      command.addAll(arguments);
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      OwnServer server = new OwnServer(process, port, log);
      try {
        server.awaitReady();
      } catch (NunchiException e) {
        server.close();
        throw e;
      }
      return server;
    } catch (IOException e) {
      throw new NunchiException(
          Reason.IO_FAILURE, "A server for the load cannot be started (%s)".formatted(e), e);
    }
  }

  /// The launcher, where this program came by it, since it gives a server other options of Java
  /// than a bench; else Java as it was started for this one.
  private static List<String> program() {
    @Nullable String launcher = System.getenv("NUNCHI_LAUNCHER");
    if (launcher != null) {
      return List.of(launcher);
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(argument -> !argument.startsWith("-agentlib:"))
            .toList());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    // What the virtual machine was started with, then the arguments that it was given.
    command.add(System.getProperty("sun.java.command").split(" ", 2)[0]);
    return command;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private void awaitReady() throws IOException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest ready =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/q/health/ready".formatted(port)))
              .timeout(Duration.ofSeconds(5))
              .build();
      while (System.nanoTime() < end) {
        if (!process.isAlive()) {
          throw new NunchiException(
              Reason.UNAVAILABLE,
              "The server for the load ended before it was ready: " + lastLine());
        }
        if (isReady(client, ready)) {
          return;
        }
        Thread.sleep(50);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new NunchiException(
        Reason.UNAVAILABLE, "The server for the load is not ready: " + lastLine());
  }

  private static boolean isReady(HttpClient client, HttpRequest ready) throws InterruptedException {
    try {
      return client.send(ready, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException _) {
      return false;
    }
  }

  private String lastLine() throws IOException {
    List<String> lines = Files.readAllLines(log).stream().filter(line -> !line.isBlank()).toList();
    return lines.isEmpty() ? "it said nothing" : lines.getLast();
  }

  public int port() {
    return port;
  }

  public ServerUse use() {
    return ServerUse.of(process.pid());
  }

  @Override
  public void close() {
    if (Thread.currentThread() != ending) {
      try {
        Runtime.getRuntime().removeShutdownHook(ending);
      } catch (IllegalStateException _) {
        return; // The hook is at it.
      }
    }
    process.destroy();
    try {
      if (!process.waitFor(END.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      Files.deleteIfExists(log);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    } catch (IOException _) {
      // A log that stays in the temporary directory harms nobody.
    }
  }
}
