package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Sends requests: redirects are followed, credentials stay with their origin, and a server that is
/// silent for too long is left.
///
/// What comes is handed on as it comes, on a thread of the client's; where a connection breaks,
/// everything that came before has been handed on.
final class Http implements AutoCloseable {
  /// The digest of a file that an answer redirects to.
  static final String LINKED = "X-Linked-Etag";

  private static final int MOST_REDIRECTS = 10;

  private final Duration silence;
  private final HttpClient client;

  /// No virtual threads: they hold their carriers while a class is initialized, and where that
  /// waits for a lock that is promised to another of them, nobody ever goes on.
  private final ExecutorService threads =
      Executors.newCachedThreadPool(Thread.ofPlatform().name("hub-", 0).daemon().factory());

  /// @param silence longest time without a byte
  Http(Duration silence, ProxySelector proxies) {
    this.silence = silence;
    this.client =
        HttpClient.newBuilder()
            // A connection for each file, and no attempt to upgrade a plain one.
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(silence)
            .proxy(proxies)
            .executor(threads)
            .build();
  }

  /// An answer without its body.
  ///
  /// @param linked headers of the answer that describes the file behind a redirect
  ///   (`X-Linked-Etag`); those of the last one where none does
  /// @param uri where the last answer came from
  record Head(int status, HttpHeaders headers, HttpHeaders linked, URI uri) {
    boolean isSuccess() {
      return status / 100 == 2;
    }

    @Nullable String header(String name) {
      return headers.firstValue(name).orElse(null);
    }

    /// `Content-Length`, empty where it is missing or is none.
    OptionalLong length() {
      return number(headers, "Content-Length");
    }

    /// Size of the file that an answer describes and redirects to.
    OptionalLong linkedSize() {
      return number(linked, "X-Linked-Size");
    }

    private static OptionalLong number(HttpHeaders headers, String name) {
      String value = headers.firstValue(name).orElse("");
      return value.matches("\\d{1,18}")
          ? OptionalLong.of(Long.parseLong(value))
          : OptionalLong.empty();
    }

    /// @throws Patience.Busy where another attempt may go better
    void requireCalm() throws Patience.Busy {
      if (status == 429 || status == 408 || status == 425 || status / 100 == 5) {
        throw new Patience.Busy(
            status == 429 ? "the server has too many requests" : "the server answered " + status,
            RetryAfter.of(headers));
      }
    }
  }

  /// Takes the body of an answer that is a success; that of another one is left.
  interface Body {
    /// Takes none.
    Body NONE =
        new Body() {
          @Override
          public void begin(Head head) {}

          @Override
          public void accept(ByteBuffer bytes) {
            bytes.position(bytes.limit());
          }
        };

    /// Before the first byte.
    void begin(Head head) throws IOException;

    void accept(ByteBuffer bytes) throws IOException;
  }

  /// @param credential null where the server need not know who asks
  /// @return the head, whatever its status; where it is a success, `body` has had everything
  /// @throws IOException where the connection failed or was silent, or as `body` does
  /// @throws NunchiException as `body` does
  Head send(
      String method,
      URI uri,
      Map<String, String> headers,
      @Nullable Credential credential,
      Body body)
      throws IOException {
    URI at = uri;
    @Nullable HttpHeaders linked = null;
    for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(at)
              .method(method, HttpRequest.BodyPublishers.noBody())
              .setHeader("User-Agent", "nunchi")
              .setHeader("Accept-Encoding", "identity");
      headers.forEach(request::setHeader);
      if (credential != null && credential.isFor(at)) {
        request.setHeader("Authorization", credential.authorization());
      }
      Head head = exchange(request.build(), linked, body);
      @Nullable String location = head.header("Location");
      boolean describes = head.header(LINKED) != null;
      // Where a file lies elsewhere, that address may be for GET alone.
      boolean isAnswered = describes && method.equals("HEAD");
      if (head.status() / 100 != 3 || location == null || isAnswered) {
        return head;
      }
      linked = describes && linked == null ? head.headers() : linked;
      at = target(at, location);
    }
    throw new IOException("more than %d redirects".formatted(MOST_REDIRECTS));
  }

  private static URI target(URI from, String location) throws IOException {
    try {
      URI to = from.resolve(location.replace(" ", "%20"));
      boolean isWeb = "https".equals(to.getScheme()) || "http".equals(to.getScheme());
      boolean isDowngrade = "https".equals(from.getScheme()) && "http".equals(to.getScheme());
      if (isWeb && !isDowngrade && to.getHost() != null) {
        return to;
      }
    } catch (IllegalArgumentException _) {
      // Refused below.
    }
    throw new IOException("a redirect to '%s', which is not followed".formatted(location));
  }

  private Head exchange(HttpRequest request, @Nullable HttpHeaders linked, Body body)
      throws IOException {
    Reception reception = new Reception(body, request.uri(), linked);
    CompletableFuture<HttpResponse<Head>> answer = client.sendAsync(request, reception);
    try {
      while (true) {
        long left = reception.silentUntil(silence) - System.nanoTime();
        try {
          return answer.get(Math.max(1, left), TimeUnit.NANOSECONDS).body();
        } catch (TimeoutException _) {
          if (reception.silentUntil(silence) - System.nanoTime() <= 0) {
            throw new HttpTimeoutException("silent for " + silence.toSeconds() + " s");
          }
        }
      }
    } catch (ExecutionException e) {
      throw unwrapped(e);
    } catch (InterruptedException e) {
      throw Failures.interrupted(e);
    } finally {
      reception.end();
      answer.cancel(true);
    }
  }

  /// The failure itself; a server's answer that makes no sense is one of its connection.
  private static IOException unwrapped(ExecutionException e) {
    @Nullable IOException outermost = null;
    for (@Nullable Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      switch (cause) {
        case NunchiException refused -> throw refused;
        case Error error -> throw error;
        // Headers that no server should send.
        case IllegalArgumentException _ ->
            outermost =
                outermost == null ? new IOException("an answer that makes no sense") : outermost;
        case CompletionException _ -> {}
        case RuntimeException fault -> throw fault;
        case IOException failure -> outermost = outermost == null ? failure : outermost;
        default -> {}
      }
    }
    return outermost == null ? new EOFException(String.valueOf(e.getCause())) : outermost;
  }

  @Override
  public void close() {
    client.shutdownNow();
    threads.shutdown();
  }

  /// One answer as it comes.
  private static final class Reception
      implements HttpResponse.BodyHandler<Head>, HttpResponse.BodySubscriber<Head> {
    private final Body body;
    private final URI uri;
    private final @Nullable HttpHeaders linked;
    private final CompletableFuture<Head> result = new CompletableFuture<>();
    private volatile long heardAt = System.nanoTime();
    private @Nullable Head head;
    private Flow.@Nullable Subscription subscription;
    private boolean ended;

    Reception(Body body, URI uri, @Nullable HttpHeaders linked) {
      this.body = body;
      this.uri = uri;
      this.linked = linked;
    }

    long silentUntil(Duration silence) {
      return heardAt + silence.toNanos();
    }

    /// After this nothing is handed on any more.
    synchronized void end() {
      ended = true;
    }

    @Override
    public synchronized HttpResponse.BodySubscriber<Head> apply(HttpResponse.ResponseInfo info) {
      heardAt = System.nanoTime();
      head =
          new Head(
              info.statusCode(), info.headers(), linked == null ? info.headers() : linked, uri);
      return this;
    }

    @Override
    public CompletionStage<Head> getBody() {
      return result;
    }

    @Override
    public synchronized void onSubscribe(Flow.Subscription subscription) {
      this.subscription = subscription;
      Head begun = Objects.requireNonNull(head);
      if (ended || !begun.isSuccess()) {
        ended = true;
        result.complete(begun);
        subscription.cancel();
        return;
      }
      try {
        body.begin(begun);
        subscription.request(1);
      } catch (IOException | RuntimeException e) {
        fail(e);
      }
    }

    @Override
    public synchronized void onNext(List<ByteBuffer> buffers) {
      if (ended) {
        return;
      }
      heardAt = System.nanoTime();
      try {
        for (ByteBuffer buffer : buffers) {
          body.accept(buffer);
        }
        Objects.requireNonNull(subscription).request(1);
      } catch (IOException | RuntimeException e) {
        fail(e);
      }
    }

    private void fail(Exception e) {
      ended = true;
      result.completeExceptionally(e);
      Objects.requireNonNull(subscription).cancel();
    }

    @Override
    public void onError(Throwable failure) {
      result.completeExceptionally(failure);
    }

    @Override
    public synchronized void onComplete() {
      result.complete(Objects.requireNonNull(head));
    }
  }
}
