package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.BatchClassifyResponse;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyResponse;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Against servers of the contract that this test speaks for.
class BenchCommandTest {
  private final Queue<String> asked = new ConcurrentLinkedQueue<>();
  @TempDir private Path directory;
  private Path texts = Path.of("");
  private Server grpc;
  private HttpServer rest;

  private record Result(int exitCode, String out, String err) {}

  @BeforeEach
  void start() throws IOException {
    texts =
        Files.writeString(
            directory.resolve("texts.txt"), "좋아요\n\n별로예요\n거절\n", StandardCharsets.UTF_8);
    grpc =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new Service())
            .build()
            .start();
    rest = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    rest.createContext(
        "/v1/classify",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          asked.add(body + exchange.getRequestHeaders().getFirst("Authorization"));
          exchange.sendResponseHeaders(body.contains("거절") ? 429 : 200, -1);
          exchange.close();
        });
    rest.start();
  }

  @AfterEach
  void stop() {
    grpc.shutdownNow();
    rest.stop(0);
  }

  @ParameterizedTest
  @CsvSource({"unary, unary", "stream, stream"})
  void bench_ofOneTextACall_answersAndRefusalsAreCounted(String protocol, String kind) {
    Result result = bench(grpc.getPort(), "--protocol", protocol, "--in-flight", 3);
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(row(result, kind).matches("(?s).* [1-9]\\d* +[\\d.]+$"), result.out());
    assertRefusals(result, "RESOURCE_EXHAUSTED");
    assertTrue(asked.contains("좋아요") && asked.contains("별로예요") && !asked.contains(""));
  }

  @Test
  void bench_batch_isRefusedAsAWhole() throws IOException {
    Files.writeString(texts, "좋아요\n별로예요\n");
    Result result = bench(grpc.getPort(), "--protocol", "batch", "--batch-size", 5);
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(row(result, "batch 5").contains(" 0 "), result.out());
    Files.writeString(texts, "거절\n");
    Result refused = bench(grpc.getPort(), "--protocol", "batch", "--batch-size", 5);
    assertEquals(1, refused.exitCode());
    assertTrue(refused.err().contains("No call was answered: [RESOURCE_EXHAUSTED]"), refused.err());
  }

  @Test
  void bench_rest_sendsTheTokenAndCountsStatusCodes() throws IOException {
    Path token = Files.writeString(directory.resolve("token"), "a-token-of-this-test\n");
    Result result =
        bench(
            rest.getAddress().getPort(),
            "--protocol",
            "rest",
            "--token-file",
            token,
            "--model",
            "영화");
    assertEquals(0, result.exitCode(), result.err());
    assertRefusals(result, "429");
    assertTrue(
        asked.contains(
            "{\"text\":\"좋아요\",\"truncation\":\"keep_head\",\"model\":\"영화\"}Bearer"
                + " a-token-of-this-test"),
        asked::toString);
  }

  @Test
  void bench_rate_beginsAsManyCalls() {
    Result result = bench(grpc.getPort(), "--rate", 300);
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(asked.size() > 45 && asked.size() < 150, () -> asked.size() + " calls");
  }

  @Test
  void bench_nobodyThere_saysSo() {
    int port = grpc.getPort();
    grpc.shutdownNow();
    Result result = bench(port);
    assertEquals(1, result.exitCode());
    assertTrue(result.err().contains("No call was answered: [UNAVAILABLE]"), result.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--in-flight 1 --rate 1 | exclude each other",
        "--in-flight 0 | at least 1, not 0",
        "--rate 0 | over 0",
        "--duration 0 | over 0",
        "--connections 0 | at least 1, not 0",
        "--deadline 0 | at least 1, not 0",
        "--batch-size 0 | at least 1, not 0",
        "--pid 1 | of a server that --target names",
        "--target 127.0.0.1:1 --pid 2147483647 | there is no process 2147483647",
        "--target nowhere | HOST:PORT, such as 127.0.0.1:8080, not nowhere",
        "--target 127.0.0.1:1 --bare | without --target",
        "--target 127.0.0.1:1 --threads 2 | of the server that this starts",
        "--protocol carrier-pigeon | carrier-pigeon"
      })
  void bench_optionsThatMakeNoSense_areRefused(String options, String why) {
    Result result = run(("bench --input " + texts + " " + options).split(" "));
    assertEquals(2, result.exitCode(), result.out());
    assertTrue(result.err().contains(why), result.err());
  }

  private static String row(Result result, String kind) {
    return result.out().lines().filter(line -> line.startsWith(kind + " ")).findFirst().orElse("");
  }

  private static void assertRefusals(Result result, String reason) {
    Matcher matcher =
        Pattern.compile("  " + reason + ": (\\d+) calls, 99 % of the refusals within [\\d.]+ ms")
            .matcher(result.out());
    assertTrue(matcher.find(), result.out());
  }

  private Result bench(int port, Object... more) {
    Stream<Object> usual =
        Stream.of(
            "bench",
            "--target",
            "127.0.0.1:" + port,
            "--input",
            texts,
            "--warm-up",
            0,
            "--duration",
            0.3,
            "--pid",
            ProcessHandle.current().pid());
    return run(Stream.concat(usual, Stream.of(more)).map(Object::toString).toArray(String[]::new));
  }

  private static Result run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Program program =
        new Program(Nunchi.commands(), Map.of(), new PrintWriter(out), new PrintWriter(err));
    return new Result(program.run(arguments), out.toString(), err.toString());
  }

  private final class Service extends SentimentServiceGrpc.SentimentServiceImplBase {
    private boolean isRefused(ClassifyRequest request) {
      asked.add(request.getText());
      return request.getText().equals("거절");
    }

    @Override
    public void classify(ClassifyRequest request, StreamObserver<ClassifyResponse> answers) {
      if (isRefused(request)) {
        answers.onError(Status.RESOURCE_EXHAUSTED.asRuntimeException());
        return;
      }
      answers.onNext(ClassifyResponse.getDefaultInstance());
      answers.onCompleted();
    }

    @Override
    public void batchClassify(
        BatchClassifyRequest request, StreamObserver<BatchClassifyResponse> answers) {
      if (request.getRequestsList().stream().anyMatch(this::isRefused)) {
        answers.onError(Status.RESOURCE_EXHAUSTED.asRuntimeException());
        return;
      }
      answers.onNext(BatchClassifyResponse.getDefaultInstance());
      answers.onCompleted();
    }

    @Override
    public StreamObserver<StreamClassifyRequest> streamClassify(
        StreamObserver<StreamClassifyResponse> answers) {
      return new StreamObserver<>() {
        @Override
        public void onNext(StreamClassifyRequest item) {
          StreamClassifyResponse.Builder answer =
              StreamClassifyResponse.newBuilder().setId(item.getId());
          if (isRefused(item.getRequest())) {
            answer.getErrorBuilder().setCode(Status.Code.RESOURCE_EXHAUSTED.value());
          } else {
            answer.setResponse(ClassifyResponse.getDefaultInstance());
          }
          answers.onNext(answer.build());
        }

        @Override
        public void onError(Throwable thrown) {}

        @Override
        public void onCompleted() {
          answers.onCompleted();
        }
      };
    }
  }
}
