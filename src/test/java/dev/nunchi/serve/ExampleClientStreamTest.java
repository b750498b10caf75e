package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.sentiment.v1.ClassifyResponse;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import dev.nunchi.serve.TestAuthority.Issued;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.Status;
import io.grpc.TlsServerCredentials;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The streams of the clients in `examples` at a server of the test, which goes away as often as
/// the test likes.
class ExampleClientStreamTest {
  private static final int TEXTS = 500;

  @TempDir private Path directory;

  @Test
  void stream_javaAtAServerThatGoesAway_answersEachTextOnce() throws Exception {
    answersEachTextOnce(ExampleClient.JAVA);
  }

  @Tag("clients")
  @ParameterizedTest
  @EnumSource(names = {"PYTHON", "NODE"})
  void stream_atAServerThatGoesAway_answersEachTextOnce(ExampleClient client) throws Exception {
    answersEachTextOnce(client);
  }

  @Test
  void stream_javaWithMutualTls_isAnswered() throws Exception {
    isAnsweredWithMutualTls(ExampleClient.JAVA);
  }

  @Tag("clients")
  @ParameterizedTest
  @EnumSource(names = {"PYTHON", "NODE"})
  void stream_withMutualTls_isAnswered(ExampleClient client) throws Exception {
    isAnsweredWithMutualTls(client);
  }

  @Test
  void stream_javaOfNoTexts_endsAtOnce() throws Exception {
    Unsteady service = new Unsteady(0);
    Server server = start(service, InsecureServerCredentials.create());
    try {
      ExampleClient.Result result =
          ExampleClient.JAVA.run("", "", "--target", "localhost:" + server.getPort(), "stream");
      assertEquals("", result.out());
      assertEquals(0, result.exitCode(), result.err());
    } finally {
      server.shutdownNow();
    }
  }

  private static void answersEachTextOnce(ExampleClient client) throws Exception {
    Unsteady service = new Unsteady(3);
    Server server = start(service, InsecureServerCredentials.create());
    try {
      ExampleClient.Result result =
          client.run("", texts(), "--target", "localhost:" + server.getPort(), "stream");
      assertAnswers(result);
      assertEquals(4, service.streams.get(), "streams");
      assertTrue(service.received.get() > TEXTS, "something was sent again");
    } finally {
      server.shutdownNow();
    }
  }

  private void isAnsweredWithMutualTls(ExampleClient client) throws Exception {
    TestAuthority authority = new TestAuthority("authority");
    Path trusted = authority.write(directory.resolve("authority.pem"));
    Issued own = authority.issue(directory, "server");
    Issued caller = authority.issue(directory, "client");
    Server server =
        start(
            new Unsteady(0),
            TlsServerCredentials.newBuilder()
                .keyManager(own.certificate().toFile(), own.key().toFile())
                .trustManager(trusted.toFile())
                .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                .build());
    try {
      assertAnswers(
          client.run(
              "",
              texts(),
              "--target",
              "localhost:" + server.getPort(),
              "--ca",
              trusted.toString(),
              "--cert",
              caller.certificate().toString(),
              "--key",
              caller.key().toString(),
              "stream"));
    } finally {
      server.shutdownNow();
    }
  }

  private static Server start(Unsteady service, ServerCredentials credentials) throws Exception {
    return Grpc.newServerBuilderForPort(0, credentials).addService(service).build().start();
  }

  private static String texts() {
    return IntStream.rangeClosed(1, TEXTS)
        .mapToObj(i -> "글 %d\n".formatted(i))
        .collect(Collectors.joining());
  }

  private static void assertAnswers(ExampleClient.Result result) {
    assertEquals(0, result.exitCode(), result.err());
    List<String> lines = result.out().lines().toList();
    assertEquals(TEXTS, lines.size());
    Set<String> expected =
        IntStream.rangeClosed(1, TEXTS)
            .mapToObj(i -> "%d\t글 %d\t0.5000".formatted(i, i))
            .collect(Collectors.toSet());
    assertEquals(expected, new HashSet<>(lines));
  }

  /// Answers each item with its text as the label, the later of each two first; and breaks off its
  /// first streams after 100 items, with some of them unanswered.
  private static final class Unsteady extends SentimentServiceGrpc.SentimentServiceImplBase {
    private static final int ITEMS = 100;

    private final int breaks;
    final AtomicInteger streams = new AtomicInteger();
    final AtomicInteger received = new AtomicInteger();

    Unsteady(int breaks) {
      this.breaks = breaks;
    }

    @Override
    public StreamObserver<StreamClassifyRequest> streamClassify(
        StreamObserver<StreamClassifyResponse> answers) {
      boolean breaking = streams.incrementAndGet() <= breaks;
      List<StreamClassifyRequest> held = new ArrayList<>();
      return new StreamObserver<>() {
        private int count;

        @Override
        public void onNext(StreamClassifyRequest item) {
          received.incrementAndGet();
          count++;
          if (breaking && count > ITEMS) {
            return;
          }
          if (breaking && count == ITEMS) {
            answers.onError(Status.UNAVAILABLE.asRuntimeException());
            return;
          }
          held.addFirst(item);
          if (held.size() == 2) {
            answerHeld();
          }
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {
          if (!breaking || count < ITEMS) {
            answerHeld();
            answers.onCompleted();
          }
        }

        private void answerHeld() {
          for (StreamClassifyRequest item : held) {
            answers.onNext(
                StreamClassifyResponse.newBuilder()
                    .setId(item.getId())
                    .setResponse(
                        ClassifyResponse.newBuilder()
                            .setLabel(item.getRequest().getText())
                            .setConfidence(0.5))
                    .build());
          }
          held.clear();
        }
      };
    }
  }
}
