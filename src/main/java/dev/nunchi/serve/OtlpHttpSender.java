package dev.nunchi.serve;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.export.Compressor;
import io.opentelemetry.sdk.common.export.HttpResponse;
import io.opentelemetry.sdk.common.export.HttpSender;
import io.opentelemetry.sdk.common.export.HttpSenderConfig;
import io.opentelemetry.sdk.common.export.HttpSenderProvider;
import io.opentelemetry.sdk.common.export.MessageWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Sends traces by Java's own HTTP client, over HTTP/1.1. Nothing is sent twice.
final class OtlpHttpSender implements HttpSender {
  private final HttpSenderConfig config;
  private final HttpClient client;

  private OtlpHttpSender(HttpSenderConfig config) {
    this.config = config;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(config.getConnectTimeout());
    if (config.getSslContext() != null) {
      builder.sslContext(config.getSslContext());
    }
    this.client = builder.build();
  }

  /// Found by OpenTelemetry as a service.
  public static final class Provider implements HttpSenderProvider {
    @Override
    public HttpSender createSender(HttpSenderConfig config) {
      return new OtlpHttpSender(config);
    }
  }

  @Override
  public void send(
      MessageWriter message, Consumer<HttpResponse> answered, Consumer<Throwable> failed) {
    HttpRequest request;
    try {
      request = request(message);
    } catch (IOException | IllegalArgumentException e) {
      failed.accept(e);
      return;
    }
    CompletableFuture<?> _ =
        client
            .sendAsync(request, BodyHandlers.ofByteArray())
            .whenComplete((answer, failure) -> {
              if (failure == null) {
                answered.accept(new Answer(answer.statusCode(), answer.body()));
              } else {
                failed.accept(failure);
              }
            });
  }

  private HttpRequest request(MessageWriter message) throws IOException {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(config.getEndpoint()).timeout(config.getTimeout());
    config
        .getHeadersSupplier()
        .get()
        .forEach((name, values) -> values.forEach(value -> builder.header(name, value)));
    builder.header("content-type", config.getContentType());
    @Nullable Compressor compressor = config.getCompressor();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    if (compressor == null) {
      message.writeMessage(body);
    } else {
      builder.header("content-encoding", compressor.getEncoding());
      try (OutputStream compressed = compressor.compress(body)) {
        message.writeMessage(compressed);
      }
    }
    return builder.POST(BodyPublishers.ofByteArray(body.toByteArray())).build();
  }

  @Override
  public CompletableResultCode shutdown() {
    client.shutdownNow();
    return CompletableResultCode.ofSuccess();
  }

  @SuppressWarnings("ArrayRecordComponent")
  private record Answer(int status, byte[] body) implements HttpResponse {
    @Override
    public int getStatusCode() {
      return status;
    }

    @Override
    public String getStatusMessage() {
      return "";
    }

    @Override
    public byte[] getResponseBody() {
      return body;
    }
  }
}
