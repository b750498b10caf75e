package dev.nunchi.serve;

import com.google.protobuf.MessageLite;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;

/// The server as a caller of itself, over gRPC and REST.
final class OwnClient {
  static final String HOST = "127.0.0.1";

  private static final String SERVICE = "/nunchi.sentiment.v1.SentimentService/";
  private static final int CONNECTIONS = 8;

  private final HttpClient http1;
  private final HttpClient http2;
  private final int port;
  private final String secret;

  /// @param port where it is listened to for it
  /// @param secret what its calls carry, see [OwnCalls]
  OwnClient(Vertx vertx, int port, String secret) {
    http1 = vertx.createHttpClient(new HttpClientOptions().setMaxPoolSize(CONNECTIONS));
    http2 =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false)
                .setHttp2MaxPoolSize(CONNECTIONS)
                .setHttp2MultiplexingLimit(OwnLoad.CALLERS / CONNECTIONS));
    this.port = port;
    this.secret = secret;
  }

  /// Over HTTP/1.1.
  ///
  /// @param patience how long it waits for an answer
  /// @return the answer's body, whatever its status
  Future<Buffer> rest(String model, String text, Duration patience) {
    return send(
        http1,
        options("/v1/classify")
            .putHeader("content-type", "application/json")
            .putHeader("x-request-timeout-ms", String.valueOf(patience.toMillis())),
        // Neither a model's name nor these texts have what JSON would escape.
        Buffer.buffer(
            "{\"text\": \"%s\", \"model\": \"%s\", \"truncation\": \"keep_head\"}"
                .formatted(text, model)));
  }

  /// @param method of the service, to which the message is all that is said
  Future<Buffer> grpc(String method, MessageLite message, Duration patience) {
    byte[] bytes = message.toByteArray();
    return send(
        http2,
        options(SERVICE + method)
            .putHeader("content-type", "application/grpc")
            .putHeader("te", "trailers")
            .putHeader("grpc-timeout", patience.toMillis() + "m"),
        Buffer.buffer().appendByte((byte) 0).appendInt(bytes.length).appendBytes(bytes));
  }

  private RequestOptions options(String path) {
    return new RequestOptions()
        .setMethod(HttpMethod.POST)
        .setHost(HOST)
        .setPort(port)
        .setURI(path)
        .putHeader(OwnCalls.HEADER, secret);
  }

  private static Future<Buffer> send(HttpClient client, RequestOptions options, Buffer body) {
    return client
        .request(options)
        .compose(request -> request.send(body))
        .compose(HttpClientResponse::body);
  }

  Future<?> close() {
    return Future.join(http1.close(), http2.close());
  }
}
