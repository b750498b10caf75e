package dev.nunchi.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.PemTrustOptions;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.lang.JoseException;

/// Fetches the keys of an identity provider: from the address that is set, or the one in its
/// discovery document, which has to be of the issuer that is set.
///
/// Redirects are not followed, and an answer has a bound in bytes and time.
final class IssuerClient {
  private static final int MOST_BYTES = 1 << 20;
  private static final long PATIENCE_MILLIS = TimeUnit.SECONDS.toMillis(5);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Vertx vertx;
  private final OidcSettings settings;
  private final HttpClient client;

  IssuerClient(Vertx vertx, OidcSettings settings) {
    this.vertx = vertx;
    this.settings = settings;
    HttpClientOptions options =
        new HttpClientOptions()
            .setConnectTimeout((int) PATIENCE_MILLIS)
            .setKeepAlive(false)
            .setMaxPoolSize(1);
    settings
        .authorities()
        .ifPresent(
            file -> options.setTrustOptions(new PemTrustOptions().addCertPath(file.toString())));
    this.client = vertx.createHttpClient(options);
  }

  /// @return fails with a sentence that says where and why
  CompletableFuture<List<JsonWebKey>> keys() {
    Future<URI> place = settings.jwksUrl().map(Future::succeededFuture).orElseGet(this::discovered);
    return place
        .compose(url -> get(url).compose(body -> parsed(url, body)))
        .toCompletionStage()
        .toCompletableFuture();
  }

  private static Future<List<JsonWebKey>> parsed(URI url, Buffer body) {
    try {
      return Future.succeededFuture(new JsonWebKeySet(body.toString()).getJsonWebKeys());
    } catch (JoseException | RuntimeException e) {
      return failed(url, "is no set of keys (JWKS)");
    }
  }

  private Future<URI> discovered() {
    URI discovery = settings.discovery();
    return get(discovery)
        .compose(body -> {
          try {
            JsonNode document = JSON.readTree(body.getBytes());
            if (!settings.issuer().toString().equals(document.path("issuer").asText())) {
              return failed(
                  discovery, "is of another issuer than nunchi.oidc.issuer, to the character");
            }
            URI keys = URI.create(document.path("jwks_uri").asText());
            return OidcSettings.isSafe(keys)
                ? Future.succeededFuture(keys)
                : failed(discovery, "names no jwks_uri with https");
          } catch (JsonProcessingException | IllegalArgumentException e) {
            return failed(discovery, "is no discovery document");
          } catch (IOException e) {
            return failed(discovery, "cannot be read");
          }
        });
  }

  /// The body of an answer that is 200.
  private Future<Buffer> get(URI url) {
    Promise<Buffer> promise = Promise.promise();
    long timer =
        vertx.setTimer(
            PATIENCE_MILLIS,
            _ ->
                promise.tryFail(
                    new IOException(
                        "%s did not answer within %d ms".formatted(url, PATIENCE_MILLIS))));
    client
        .request(
            new RequestOptions()
                .setMethod(HttpMethod.GET)
                .setAbsoluteURI(url.toString())
                .setTimeout(PATIENCE_MILLIS)
                .putHeader("accept", "application/json"))
        .compose(IssuerClient::sent)
        .compose(response -> body(url, response, promise))
        .onComplete(body -> {
          vertx.cancelTimer(timer);
          if (body.succeeded()) {
            promise.tryComplete(body.result());
          } else {
            promise.tryFail(
                new IOException(
                    "%s cannot be fetched (%s)".formatted(url, body.cause().getMessage())));
          }
        });
    return promise.future();
  }

  private static Future<HttpClientResponse> sent(HttpClientRequest request) {
    // Else one that is reset is an error in the log.
    request.exceptionHandler(_ -> {});
    return request.send();
  }

  /// @param given fails where the answer is no more waited for
  private static Future<Buffer> body(URI url, HttpClientResponse response, Promise<Buffer> given) {
    if (response.statusCode() != 200) {
      response.exceptionHandler(_ -> {});
      response.request().reset();
      return Future.failedFuture("the answer is " + response.statusCode());
    }
    Promise<Buffer> body = Promise.promise();
    Buffer all = Buffer.buffer();
    response
        .handler(piece -> {
          if (all.length() + piece.length() > MOST_BYTES) {
            body.tryFail("the answer has more than %d bytes".formatted(MOST_BYTES));
            response.request().reset();
          } else {
            all.appendBuffer(piece);
          }
        })
        .exceptionHandler(body::tryFail)
        .endHandler(_ -> body.tryComplete(all));
    given
        .future()
        .onFailure(failure -> {
          body.tryFail(failure);
          response.request().reset();
        });
    return body.future();
  }

  private static <T> Future<T> failed(URI url, String why) {
    return Future.failedFuture(new IOException("%s %s".formatted(url, why)));
  }
}
