package dev.nunchi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyResponse;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The packaged server in a process of its own, with the built-in model.
class ServeIT {
  private static final long PATIENCE_SECONDS = 60;
  private static final int CALLERS = 8;

  @TempDir private Path directory;

  @Test
  void serve_builtInModel_answersWithoutLibtorchAndStopsOnSigterm() throws Exception {
    int port = freePort();
    Process server = start("serve", "--port", Integer.toString(port));
    try {
      awaitReady(port, server);
      assertEquals("긍정", label(port, "정말 재미있고 감동적인 최고의 영화예요"));
      assertEquals("부정", label(port, "돈이 아깝고 지루한 최악의 영화"));
      String maps = Files.readString(Path.of("/proc/" + server.pid() + "/maps"));
      assertTrue(maps.contains("onnxruntime"), "ONNX Runtime is mapped");
      assertFalse(maps.matches("(?s).*(libtorch|libjnitorch|openblas).*"), "libtorch is mapped");
      server.destroy();
      assertTrue(server.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "SIGTERM ends it");
    } finally {
      server.destroyForcibly();
    }
  }

  @Test
  void serve_sigtermUnderLoad_failsNoCallThatItAccepted() throws Exception {
    int port = freePort();
    Process server = start("serve", "--port", Integer.toString(port));
    ManagedChannel channel =
        ManagedChannelBuilder.forAddress("localhost", port).usePlaintext().build();
    try (ExecutorService callers = Executors.newFixedThreadPool(CALLERS)) {
      awaitReady(port, server);
      AtomicInteger answered = new AtomicInteger();
      List<Future<Status.Code>> ends = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        ends.add(callers.submit(() -> callUntilRefused(channel, answered)));
      }
      while (answered.get() < 200) {
        Thread.sleep(10);
      }
      server.destroy();
      for (Future<Status.Code> end : ends) {
        assertEquals(Status.Code.UNAVAILABLE, end.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
      }
      assertTrue(server.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "SIGTERM ends it");
    } finally {
      channel.shutdownNow();
      server.destroyForcibly();
    }
  }

  @Test
  void serve_sigtermWithAnOpenStream_answersItsItemsAndEndsIt() throws Exception {
    int port = freePort();
    Process server = start("serve", "--port", Integer.toString(port));
    ManagedChannel channel =
        ManagedChannelBuilder.forAddress("localhost", port).usePlaintext().build();
    try {
      awaitReady(port, server);
      List<StreamClassifyResponse> answers = new CopyOnWriteArrayList<>();
      CompletableFuture<Status.Code> end = new CompletableFuture<>();
      StreamObserver<StreamClassifyRequest> items =
          SentimentServiceGrpc.newStub(channel)
              .streamClassify(
                  new StreamObserver<>() {
                    @Override
                    public void onNext(StreamClassifyResponse answer) {
                      answers.add(answer);
                    }

                    @Override
                    public void onError(Throwable failure) {
                      end.complete(Status.fromThrowable(failure).getCode());
                    }

                    @Override
                    public void onCompleted() {
                      end.complete(Status.Code.OK);
                    }
                  });
      ClassifyRequest request = ClassifyRequest.newBuilder().setText("정말 재미있는 영화예요").build();
      for (int i = 0; i < 100; i++) {
        items.onNext(
            StreamClassifyRequest.newBuilder().setId("item-" + i).setRequest(request).build());
      }
      while (answers.isEmpty()) {
        Thread.sleep(1);
      }
      server.destroy();
      assertEquals(Status.Code.UNAVAILABLE, end.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
      assertTrue(answers.stream().allMatch(StreamClassifyResponse::hasResponse));
      // Nowhere near the time that calls in flight are given.
      assertTrue(server.waitFor(15, TimeUnit.SECONDS), "SIGTERM ends it");
    } finally {
      channel.shutdownNow();
      server.destroyForcibly();
    }
  }

  /// As clients hold them that look after a server's health, or list its services.
  @Test
  void serve_sigtermWithLongCallsOpen_endsThemAndItself() throws Exception {
    int port = freePort();
    Process server = start("serve", "--port", Integer.toString(port));
    ManagedChannel channel =
        ManagedChannelBuilder.forAddress("localhost", port).usePlaintext().build();
    try {
      awaitReady(port, server);
      Iterator<HealthCheckResponse> watched =
          HealthGrpc.newBlockingStub(channel).watch(HealthCheckRequest.getDefaultInstance());
      assertEquals(ServingStatus.SERVING, watched.next().getStatus());
      CompletableFuture<Status.Code> reflected = new CompletableFuture<>();
      ServerReflectionGrpc.newStub(channel)
          .serverReflectionInfo(
              new StreamObserver<>() {
                @Override
                public void onNext(ServerReflectionResponse answer) {}

                @Override
                public void onError(Throwable failure) {
                  reflected.complete(Status.fromThrowable(failure).getCode());
                }

                @Override
                public void onCompleted() {
                  reflected.complete(Status.Code.OK);
                }
              })
          .onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
      server.destroy();
      assertEquals(ServingStatus.NOT_SERVING, watched.next().getStatus());
      StatusRuntimeException end = assertThrows(StatusRuntimeException.class, watched::hasNext);
      assertEquals(Status.Code.UNAVAILABLE, end.getStatus().getCode());
      assertEquals(Status.Code.UNAVAILABLE, reflected.get(10, TimeUnit.SECONDS));
      assertTrue(server.waitFor(10, TimeUnit.SECONDS), "SIGTERM ends it");
      assertFalse(log().contains("Timed out waiting"), log());
    } finally {
      channel.shutdownNow();
      server.destroyForcibly();
    }
  }

  @Test
  void serve_portZero_saysThePortThatItGot() throws Exception {
    Process server = start("serve", "--host", "127.0.0.1", "--port", "0");
    try {
      Pattern address = Pattern.compile("at http://127\\.0\\.0\\.1:(\\d+) ");
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      Matcher said = address.matcher(log());
      while (!said.find() && System.nanoTime() < end && server.isAlive()) {
        Thread.sleep(100);
        said = address.matcher(log());
      }
      assertEquals("긍정", label(Integer.parseInt(said.group(1)), "정말 재미있고 감동적인 최고의 영화예요"));
    } finally {
      server.destroyForcibly();
    }
  }

  /// Calls until the server takes no more, and says how that showed.
  private static Status.Code callUntilRefused(ManagedChannel channel, AtomicInteger answered) {
    SentimentServiceGrpc.SentimentServiceBlockingStub stub =
        SentimentServiceGrpc.newBlockingStub(channel);
    ClassifyRequest request = ClassifyRequest.newBuilder().setText("정말 재미있는 영화예요").build();
    while (true) {
      try {
        ClassifyResponse answer =
            stub.withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS).classify(request);
        assertEquals("긍정", answer.getLabel());
        answered.incrementAndGet();
      } catch (StatusRuntimeException e) {
        return e.getStatus().getCode();
      }
    }
  }

  @Test
  void serve_modelThatIsNone_exitsWithTheReason() throws Exception {
    Process server =
        start("serve", "--port", "0", "--model", directory.resolve("nothing").toString());
    try {
      assertTrue(server.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it ends");
      assertEquals(1, server.exitValue());
      assertTrue(log().contains("nothing is no directory"), log());
    } finally {
      server.destroyForcibly();
    }
  }

  private Process start(String... arguments) throws IOException {
    ProcessBuilder process = PackagedApplication.serving(arguments);
    process.redirectErrorStream(true).redirectOutput(directory.resolve("log").toFile());
    return process.start();
  }

  private void awaitReady(int port, Process server) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/q/health/ready")).build();
    while (System.nanoTime() < end && server.isAlive()) {
      try (HttpClient client = HttpClient.newHttpClient()) {
        if (client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
          return;
        }
      } catch (ConnectException notYet) {
        Thread.sleep(100);
      }
    }
    throw new AssertionError("The server is not ready:\n" + log());
  }

  private static String label(int port, String text) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/v1/classify"))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    mapper.writeValueAsString(mapper.createObjectNode().put("text", text))))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      JsonNode answer =
          mapper.readTree(
              client
                  .send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8))
                  .body());
      return answer.path("label").asText();
    }
  }

  private String log() throws IOException {
    return Files.readString(directory.resolve("log"));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
