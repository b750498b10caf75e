package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.io.ByteArrayInputStream;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jspecify.annotations.Nullable;

/// The body of a REST request: refused by its length before it is read or, where it comes in
/// pieces, while it is, and in words where Quarkus itself has none; decompressed where it is gzip.
/// gRPC has bounds of its own.
///
/// Between the limit of a message and that of HTTP, `quarkus.http.limits.max-body-size`, it is read
/// and thrown away, so that a caller gets to hear how much it sent; over the latter it is not read.
@Singleton
final class RestBody {
  // Before Quarkus' own, and after authentication.
  private static final int PRIORITY = 100;

  private static final String READING = RestBody.class.getName();
  private static final Set<String> ENCODINGS = Set.of("identity", "gzip");

  private final Limits limits;
  private final Metrics metrics;
  private final long mostRead =
      ConfigProvider.getConfig()
          .getOptionalValue("quarkus.http.limits.max-body-size", MemorySize.class)
          .map(MemorySize::asLongValue)
          .orElse(Long.MAX_VALUE);

  RestBody(Limits limits, Metrics metrics) {
    this.limits = limits;
    this.metrics = metrics;
  }

  void register(@Observes Filters filters) {
    filters.register(this::check, PRIORITY);
  }

  /// A body as it came.
  record Received(byte[] bytes, boolean isGzip, int limit) {
    /// Bytes that reading it costs, at most.
    long cost() {
      return isGzip ? limit : bytes.length;
    }

    /// What it holds.
    ///
    /// @throws NunchiException as [Gzip#decompressed]
    byte[] unpacked() {
      return isGzip ? Gzip.decompressed("body", new ByteArrayInputStream(bytes), limit) : bytes;
    }
  }

  /// The body, to be called by the endpoint before it returns.
  ///
  /// @return fails with a [NunchiException] `TEXT_TOO_LARGE`
  CompletableFuture<Received> read(RoutingContext context) {
    HttpServerRequest request = context.request();
    CompletableFuture<Received> body = new CompletableFuture<>();
    context.put(READING, body);
    if (request.isEnded()) {
      body.complete(new Received(new byte[0], false, limits.maxMessageBytes()));
      return body;
    }
    if (request.version() == HttpVersion.HTTP_1_1
        && "100-continue".equalsIgnoreCase(request.getHeader("expect"))) {
      context.response().writeContinue();
    }
    boolean gzip = encoding(request).equals("gzip");
    Pieces pieces = new Pieces();
    request
        .handler(piece -> {
          if (!pieces.add(piece)) {
            request.handler(null);
            closeAfterwards(context);
            body.completeExceptionally(tooLarge());
          }
        })
        .endHandler(_ -> pieces.complete(body, gzip))
        .exceptionHandler(_ -> body.cancel(false))
        .resume();
    return body;
  }

  /// Ends the reading of a body, where one is being read, with this.
  ///
  /// @return whether one was
  static boolean refuse(RoutingContext context, NunchiException reason) {
    @Nullable CompletableFuture<Received> body = context.get(READING);
    if (body == null || body.isDone()) {
      return false;
    }
    giveUp(context);
    return body.completeExceptionally(reason);
  }

  /// Reads no further, where the body has not come yet; to be called before the answer.
  static void giveUp(RoutingContext context) {
    HttpServerRequest request = context.request();
    if (!request.isEnded()) {
      request.handler(null);
      closeAfterwards(context);
    }
  }

  private final class Pieces {
    private final Buffer kept = Buffer.buffer();
    private long length;

    /// Whether to go on.
    private boolean add(Buffer piece) {
      length += piece.length();
      if (length <= limits.maxMessageBytes()) {
        kept.appendBuffer(piece);
      }
      return length <= mostRead;
    }

    private void complete(CompletableFuture<Received> body, boolean gzip) {
      try {
        limits.checkBody(length);
        body.complete(new Received(kept.getBytes(), gzip, limits.maxMessageBytes()));
      } catch (NunchiException e) {
        body.completeExceptionally(e);
      }
    }
  }

  private void check(RoutingContext context) {
    HttpServerRequest request = context.request();
    @Nullable String length = request.getHeader("content-length");
    if (CallName.of(request).protocol() == Protocol.GRPC) {
      context.next();
    } else if (length != null && number(length) > mostRead) {
      FailureResponse.send(context, Failure.of(tooLarge()), metrics);
    } else if (!ENCODINGS.contains(encoding(request))) {
      context.response().putHeader("accept-encoding", "gzip, identity");
      FailureResponse.send(
          context,
          Failure.ofHttp(
              415,
              "A body of this Content-Encoding is not read; send it as gzip, or without"
                  + " Content-Encoding"),
          metrics);
    } else {
      context.next();
    }
  }

  /// In lower case; `identity` where there is none.
  private static String encoding(HttpServerRequest request) {
    @Nullable String encoding = request.getHeader("content-encoding");
    String name = encoding == null ? "identity" : encoding.strip().toLowerCase(Locale.ROOT);
    return name.equals("x-gzip") ? "gzip" : name;
  }

  /// What is left of the body is not worth reading. HTTP/2 ends the one stream.
  private static void closeAfterwards(RoutingContext context) {
    if (context.request().version() != HttpVersion.HTTP_2) {
      context.response().putHeader("connection", "close");
      context.addEndHandler(_ -> context.request().connection().close());
    }
  }

  private static NunchiException tooLarge() {
    return new NunchiException(Reason.TEXT_TOO_LARGE, FailureResponse.BODY_TOO_LARGE);
  }

  private static long number(String header) {
    try {
      return Long.parseLong(header);
    } catch (NumberFormatException e) {
      return 0; // The server has its own answer to that.
    }
  }
}
