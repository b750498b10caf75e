package dev.nunchi.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Texts over REST, one in a call, HTTP/1.1; the client opens as many connections as it has calls.
final class RestTarget implements Target {
  private static final ObjectMapper JSON = new ObjectMapper();

  /// As a client has by itself; those for one call share them.
  private final ExecutorService threads =
      Executors.newCachedThreadPool(Thread.ofPlatform().daemon().factory());

  private final Optional<HttpClient> kept;
  private final Address address;
  private final Texts texts;
  private final URI uri;

  RestTarget(Address address, Texts texts) {
    this.address = address;
    this.texts = texts;
    this.kept = address.connections().fresh() ? Optional.empty() : Optional.of(client());
    this.uri =
        URI.create(
            "%s://%s:%d/v1/classify"
                .formatted(
                    address.connections().authorities().isPresent() ? "https" : "http",
                    address.host(),
                    address.port()));
  }

  private HttpClient client() {
    HttpClient.Builder builder =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).executor(threads);
    address
        .connections()
        .authorities()
        .ifPresent(authorities -> builder.sslContext(authorities.context()));
    return builder.build();
  }

  @Override
  public int textsInCall() {
    return 1;
  }

  @Override
  public CompletableFuture<Void> call(long number) {
    HttpClient client = kept.orElseGet(this::client);
    CompletableFuture<HttpResponse<Void>> sent =
        client.sendAsync(request(number), HttpResponse.BodyHandlers.discarding());
    CompletableFuture<HttpResponse<Void>> response =
        address.deadline().map(limit -> within(limit, sent)).orElse(sent);
    CompletableFuture<Void> call =
        response.handle((answer, thrown) -> {
          if (thrown != null) {
            throw new Refused(reason(thrown));
          }
          if (answer.statusCode() != 200) {
            throw new Refused(Integer.toString(answer.statusCode()));
          }
          return null;
        });
    return kept.isPresent() ? call : call.whenComplete((answer, thrown) -> client.shutdown());
  }

  /// What has not ended at its deadline is cancelled, so that the server loses its caller, as it
  /// does over gRPC. A request's own timeout ends with the head of the answer.
  private static <T> CompletableFuture<T> within(Duration limit, CompletableFuture<T> sent) {
    // Of a copy: a future that its timeout has completed cancels nothing any more.
    return sent.copy()
        .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete((answer, thrown) -> {
          if (thrown instanceof TimeoutException) {
            sent.cancel(true);
          }
        });
  }

  private HttpRequest request(long number) {
    ObjectNode body =
        JSON.createObjectNode().put("text", texts.get(number)).put("truncation", "keep_head");
    if (!address.model().isEmpty()) {
      body.put("model", address.model());
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    address.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
    return request.build();
  }

  private static String reason(Throwable thrown) {
    Throwable cause =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    return cause instanceof TimeoutException ? "DEADLINE_EXCEEDED" : "UNAVAILABLE";
  }

  @Override
  public void close() {
    kept.ifPresent(HttpClient::shutdownNow);
    threads.shutdown();
  }
}
