package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.BatchClassifyResponse;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyResponse;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import dev.nunchi.serve.TestAuthority;
import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.TlsServerCredentials;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Against servers of the contract that this test speaks for.
class BenchCommandTest {
  private final Queue<String> asked = new ConcurrentLinkedQueue<>();
  private final Set<String> connections = ConcurrentHashMap.newKeySet();
  private final Set<String> addresses = ConcurrentHashMap.newKeySet();
  private final AtomicInteger streams = new AtomicInteger();

  /// How the server ends a stream, in place of its second answer; null: not by itself.
  private volatile com.google.rpc.@Nullable Status endOfStreams;

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
            .addTransportFilter(
                new ServerTransportFilter() {
                  @Override
                  public Attributes transportReady(Attributes attributes) {
                    connections.add(
                        String.valueOf(attributes.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR)));
                    if (attributes.get(Grpc.TRANSPORT_ATTR_LOCAL_ADDR)
                        instanceof InetSocketAddress called) {
                      addresses.add(called.getAddress().getHostAddress());
                    }
                    return attributes;
                  }
                })
            .build()
            .start();
    rest = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    rest.createContext("/v1/classify", this::answer);
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

  /// Whose head comes, and whose body does not.
  @Test
  void bench_restAnswerThatDoesNotEnd_isGivenUpAtTheDeadline() throws IOException {
    HttpServer endless = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    endless.createContext(
        "/v1/classify",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(200, 10);
          exchange.getResponseBody().flush();
        });
    endless.start();
    try {
      Result result =
          bench(endless.getAddress().getPort(), "--protocol", "rest", "--deadline", 200);
      assertEquals(1, result.exitCode());
      assertTrue(result.err().contains("No call was answered: [DEADLINE_EXCEEDED]"), result.err());
    } finally {
      endless.stop(0);
    }
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
        "--stream-size -1 | at least 0, not -1",
        "--calls -1 | at least 0, not -1",
        "--ca authority.pem | of a server that --target names",
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

  /// What has no answer when the server goes is asked again in the next stream, under its id.
  @Test
  void bench_streamOfAServerThatStops_goesOnInAnother() throws IOException {
    Files.writeString(texts, "좋아요\n별로예요\n");
    endOfStreams =
        com.google.rpc.Status.newBuilder()
            .setCode(Status.Code.UNAVAILABLE.value())
            .addDetails(Any.pack(ErrorInfo.newBuilder().setReason("UNAVAILABLE").build()))
            .build();
    Result result = bench(grpc.getPort(), "--protocol", "stream", "--calls", 5, "--in-flight", 1);
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(row(result, "stream").matches(".* [5-9]\\d* +0 +[\\d.]+$"), result.out());
    assertTrue(
        result.out().matches("(?s).*\n  [1-9]\\d* streams were ended by a server that stops.*"),
        result.out());
  }

  /// An end that does not say that the server goes, and one that is in order and too early.
  @ParameterizedTest
  @CsvSource({"14, UNAVAILABLE", "0, STREAM_ENDED"})
  void bench_streamThatBreaks_isOpenedAnewAndItsTextsAreCounted(int code, String reason)
      throws IOException {
    Files.writeString(texts, "좋아요\n별로예요\n");
    endOfStreams = com.google.rpc.Status.newBuilder().setCode(code).build();
    Result result = bench(grpc.getPort(), "--protocol", "stream", "--calls", 6, "--in-flight", 1);
    assertEquals(0, result.exitCode(), result.err());
    assertRefusals(result, reason);
    assertTrue(streams.get() >= 2, () -> streams + " streams");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bench_streamSize_isWhatAStreamHas(boolean fresh) throws IOException {
    Files.writeString(texts, "좋아요\n별로예요\n");
    List<Object> options = new ArrayList<>(List.of("--protocol", "stream", "--stream-size", 3));
    options.addAll(List.of("--calls", 30, "--in-flight", 1));
    if (fresh) {
      options.add("--fresh-connections");
    }
    Result result = bench(grpc.getPort(), options.toArray());
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(row(result, "stream").matches(".* 0 +[\\d.]+$"), result.out());
    assertEquals((asked.size() + 2) / 3, streams.get());
    assertEquals(fresh ? streams.get() : 1, connections.size());
  }

  @ParameterizedTest
  @CsvSource({"unary", "batch"})
  void bench_freshConnections_areAsManyAsCalls(String protocol) throws IOException {
    Files.writeString(texts, "좋아요\n");
    Result result =
        bench(
            grpc.getPort(),
            "--protocol",
            protocol,
            "--batch-size",
            2,
            "--in-flight",
            1,
            "--fresh-connections");
    assertEquals(0, result.exitCode(), result.err());
    assertEquals(asked.size() / (protocol.equals("batch") ? 2 : 1), connections.size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"unary", "stream"})
  void bench_hostOfSeveralAddresses_callsAllOfThemInTurn(String protocol) throws IOException {
    Files.writeString(texts, "좋아요\n");
    Result result =
        bench(
            NameOfSeveralAddresses.NAME,
            grpc.getPort(),
            "--protocol",
            protocol,
            "--stream-size",
            1,
            "--calls",
            1_000);
    assertEquals(0, result.exitCode(), result.err());
    assertEquals(Set.of("127.0.0.1", "127.0.0.2"), addresses);
  }

  @Test
  void bench_together_isARowForEachKindAndTheCallsOfAll() throws IOException {
    Files.writeString(texts, "좋아요\n");
    Result result =
        bench(
            grpc.getPort(),
            "--protocol",
            "unary,batch,stream",
            "--batch-size",
            2,
            "--together",
            "--calls",
            300);
    assertEquals(0, result.exitCode(), result.err());
    long calls = 0;
    for (String kind : List.of("unary", "batch", "stream")) {
      String[] columns = row(result, kind).split(" +");
      calls += Long.parseLong(columns[columns.length - 3]);
    }
    assertTrue(calls >= 300, result.out());
  }

  /// Over TLS those are believed whom `--ca` names, and no others.
  @ParameterizedTest
  @CsvSource({"false, unary", "true, unary", "false, rest", "true, rest", "true, stream"})
  void bench_ca_isWhoIsBelieved(boolean fresh, String protocol) throws Exception {
    Files.writeString(texts, "좋아요\n");
    TestAuthority authority = new TestAuthority("authority");
    Path ca = authority.write(directory.resolve("authority.pem"));
    Path stranger = new TestAuthority("stranger").write(directory.resolve("stranger.pem"));
    TestAuthority.Issued issued = authority.issue(directory, "server");
    Server secure =
        Grpc.newServerBuilderForPort(
                0,
                TlsServerCredentials.create(issued.certificate().toFile(), issued.key().toFile()))
            .addService(new Service())
            .build()
            .start();
    HttpsServer https = HttpsServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    https.setHttpsConfigurator(new HttpsConfigurator(identity(issued)));
    https.createContext("/v1/classify", this::answer);
    https.start();
    try {
      int port = protocol.equals("rest") ? https.getAddress().getPort() : secure.getPort();
      List<Object> options = new ArrayList<>(List.of("--protocol", protocol, "--in-flight", 2));
      options.addAll(List.of("--stream-size", 4));
      if (fresh) {
        options.add("--fresh-connections");
      }
      options.addAll(List.of("--ca", ca));
      Result result = bench(port, options.toArray());
      assertEquals(0, result.exitCode(), result.err());
      assertTrue(row(result, protocol).matches(".* 0 +[\\d.]+$"), result.out());
      options.set(options.size() - 1, stranger);
      Result refused = bench(port, options.toArray());
      assertEquals(1, refused.exitCode());
      assertTrue(refused.err().contains("No call was answered: [UNAVAILABLE]"), refused.err());
    } finally {
      secure.shutdownNow();
      https.stop(0);
    }
  }

  @Test
  void bench_caThatIsNone_isNamed() {
    Result result = bench(grpc.getPort(), "--ca", texts);
    assertEquals(1, result.exitCode());
    assertTrue(result.err().contains("texts.txt has no certificates in PEM"), result.err());
  }

  private static SSLContext identity(TestAuthority.Issued issued) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    String key =
        Files.readString(issued.key()).replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
    try (InputStream in = Files.newInputStream(issued.certificate())) {
      store.setKeyEntry(
          "server",
          KeyFactory.getInstance("EC")
              .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(key))),
          new char[0],
          new Certificate[] {CertificateFactory.getInstance("X.509").generateCertificate(in)});
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  private void answer(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    asked.add(body + exchange.getRequestHeaders().getFirst("Authorization"));
    exchange.sendResponseHeaders(body.contains("거절") ? 429 : 200, -1);
    exchange.close();
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
    return bench("127.0.0.1", port, more);
  }

  private Result bench(String host, int port, Object... more) {
    Stream<Object> usual =
        Stream.of(
            "bench",
            "--target",
            host + ":" + port,
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
      streams.incrementAndGet();
      AtomicInteger items = new AtomicInteger();
      return new StreamObserver<>() {
        @Override
        public void onNext(StreamClassifyRequest item) {
          com.google.rpc.@Nullable Status end = endOfStreams;
          if (end != null && items.incrementAndGet() > 1) {
            if (items.get() > 2) {
              return;
            }
            if (end.getCode() == 0) {
              answers.onCompleted();
            } else {
              answers.onError(StatusProto.toStatusRuntimeException(end));
            }
            return;
          }
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
