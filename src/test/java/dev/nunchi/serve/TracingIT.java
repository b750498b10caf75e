package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.PackagedApplication;
import dev.nunchi.infer.TinyModel;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.serve.OtlpCollector.Span;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The packaged server with tracing off, as it is unless OpenTelemetry's settings say otherwise,
/// and on.
@Timeout(120)
class TracingIT {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

  @TempDir private Path directory;

  @Test
  void serve_nothingSaid_loadsNoClassOfOpenTelemetry() throws Exception {
    Path loaded = directory.resolve("loaded");
    int port = freePort();
    Process server = start(port, Map.of("JAVA_TOOL_OPTIONS", "-Xlog:class+load:file=" + loaded));
    try {
      awaitReady(port, server);
      call(port);
      stop(server);
    } finally {
      server.destroyForcibly();
    }
    List<String> classes = Files.readAllLines(loaded);
    assertTrue(
        classes.stream().anyMatch(line -> line.contains("dev.nunchi.serve.CallRecord ")),
        "classes are listed");
    assertEquals(
        List.of(), classes.stream().filter(line -> line.contains("opentelemetry")).toList());
    assertEquals(
        List.of(),
        classes.stream().filter(line -> line.contains("dev.nunchi.serve.CallTrace ")).toList());
  }

  @Test
  void serve_endpointInTheEnvironment_sendsTracesAndSaysSo() throws Exception {
    try (OtlpCollector collector = OtlpCollector.overGrpc(0)) {
      int port = freePort();
      Process server =
          start(
              port,
              Map.of(
                  "OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint(),
                  "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc",
                  "OTEL_SERVICE_NAME", "moods",
                  // So that the end of the process has to send it.
                  "OTEL_BSP_SCHEDULE_DELAY", "600000"));
      try {
        awaitReady(port, server);
        call(port);
        stop(server);
      } finally {
        server.destroyForcibly();
      }
      List<String> names =
          collector.spansOf(TRACE).stream().map(Span::name).distinct().sorted().toList();
      assertTrue(
          names.containsAll(List.of("POST /v1/classify", "nunchi.queue", "nunchi.run")),
          names::toString);
      assertTrue(
          collector.spans().stream()
              .anyMatch(span -> span.name().endsWith("SentimentService/Classify")));
      assertEquals("moods", collector.resources().getFirst().get("service.name"));
      String log = Files.readString(directory.resolve("log"));
      assertTrue(log.contains("Tracing calls to " + collector.endpoint()), log);
    }
  }

  @Test
  void serve_settingThatIsNone_endsInASentence() throws Exception {
    Process server =
        start(
            freePort(),
            Map.of(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "http://127.0.0.1:1",
                "OTEL_TRACES_SAMPLER",
                "sometimes"));
    try {
      assertTrue(server.waitFor(60, TimeUnit.SECONDS));
      String log = Files.readString(directory.resolve("log"));
      assertTrue(log.contains("Calls cannot be traced: ") && log.contains("sometimes"), log);
      assertEquals(1, log.lines().count(), log);
    } finally {
      server.destroyForcibly();
    }
  }

  private Process start(int port, Map<String, String> environment) throws IOException {
    ProcessBuilder process =
        PackagedApplication.serving(
            "serve",
            "--host",
            "127.0.0.1",
            "--port",
            Integer.toString(port),
            "--model",
            TinyModel.write(directory.resolve("tiny")).toString());
    process.environment().putAll(environment);
    return process
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("log").toFile())
        .start();
  }

  private static void stop(Process server) throws InterruptedException {
    server.destroy();
    assertTrue(server.waitFor(60, TimeUnit.SECONDS), "SIGTERM ends it");
  }

  private static void call(int port) throws Exception {
    HttpResponse<String> answer =
        send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/v1/classify".formatted(port)))
                .header("content-type", "application/json")
                .header("traceparent", "00-%s-00f067aa0ba902b7-01".formatted(TRACE))
                .POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"영화 좋다\"}")));
    assertEquals(200, answer.statusCode(), answer.body());
    ManagedChannel channel =
        ManagedChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    try {
      SentimentServiceGrpc.newBlockingStub(channel)
          .classify(ClassifyRequest.newBuilder().setText("영화 좋다").build());
    } finally {
      channel.shutdownNow();
    }
  }

  private static void awaitReady(int port, Process server) throws Exception {
    URI ready = URI.create("http://127.0.0.1:%d/q/health/ready".formatted(port));
    while (true) {
      assertTrue(server.isAlive(), "it runs");
      try {
        if (send(HttpRequest.newBuilder(ready)).statusCode() == 200) {
          return;
        }
      } catch (IOException e) {
        // It does not listen yet.
      }
      Thread.sleep(20);
    }
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
