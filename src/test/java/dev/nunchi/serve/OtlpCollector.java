package dev.nunchi.serve;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.sun.net.httpserver.HttpServer;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.zip.GZIPInputStream;

/// A collector of traces on the loopback interface, which speaks OTLP over HTTP or gRPC and keeps
/// what it was sent, as bytes and as spans. It reads the bytes by the numbers of OTLP's fields,
/// with no code of the SDK that wrote them.
///
/// See <https://github.com/open-telemetry/opentelemetry-proto>, `trace/v1/trace.proto`.
final class OtlpCollector implements AutoCloseable {
  private final List<byte[]> messages = new CopyOnWriteArrayList<>();
  private final List<Span> spans = new CopyOnWriteArrayList<>();
  private final List<Map<String, Object>> resources = new CopyOnWriteArrayList<>();
  private final List<Map<String, String>> headers = new CopyOnWriteArrayList<>();
  private final int port;
  private final Runnable stop;

  /// A span as it came.
  ///
  /// @param parentId empty where it is the first of its trace
  /// @param kind 2 is a server's
  /// @param status 0 unset, 2 an error
  record Span(
      String traceId,
      String spanId,
      String parentId,
      String traceState,
      String name,
      long kind,
      long start,
      long end,
      Map<String, Object> attributes,
      List<Event> events,
      List<Link> links,
      long status) {
    long number(String attribute) {
      return attributes.get(attribute) instanceof Long number ? number : Long.MIN_VALUE;
    }
  }

  record Event(String name, Map<String, Object> attributes) {}

  record Link(String traceId, String spanId) {}

  private OtlpCollector(HttpServer server) {
    this.port = server.getAddress().getPort();
    this.stop = () -> server.stop(0);
    server.createContext(
        "/v1/traces",
        exchange -> {
          Map<String, String> header = new HashMap<>();
          exchange
              .getRequestHeaders()
              .forEach((name, values) -> header.put(name, values.getFirst()));
          headers.add(header);
          InputStream body = exchange.getRequestBody();
          receive(
              "gzip".equals(exchange.getRequestHeaders().getFirst("content-encoding"))
                  ? new GZIPInputStream(body).readAllBytes()
                  : body.readAllBytes());
          exchange.getResponseHeaders().add("content-type", "application/x-protobuf");
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
  }

  private OtlpCollector(NettyServerBuilder builder) throws IOException {
    MethodDescriptor<byte[], byte[]> export =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("opentelemetry.proto.collector.trace.v1.TraceService/Export")
            .setRequestMarshaller(new RawMessages())
            .setResponseMarshaller(new RawMessages())
            .build();
    Server server =
        builder
            .addService(
                ServerServiceDefinition.builder(
                        "opentelemetry.proto.collector.trace.v1.TraceService")
                    .addMethod(
                        export,
                        ServerCalls.asyncUnaryCall((message, observer) -> {
                          receive(message);
                          observer.onNext(new byte[0]);
                          observer.onCompleted();
                        }))
                    .build())
            .build()
            .start();
    this.port = server.getPort();
    this.stop = server::shutdownNow;
  }

  /// @param port 0 for one that is free
  static OtlpCollector overHttp(int port) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    OtlpCollector collector = new OtlpCollector(server);
    server.start();
    return collector;
  }

  /// @param port 0 for one that is free
  static OtlpCollector overGrpc(int port) throws IOException {
    return new OtlpCollector(at(port));
  }

  /// At a free port, with TLS.
  static OtlpCollector overGrpc(Path certificate, Path key) throws IOException {
    return new OtlpCollector(at(0).useTransportSecurity(certificate.toFile(), key.toFile()));
  }

  private static NettyServerBuilder at(int port) {
    return NettyServerBuilder.forAddress(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  int port() {
    return port;
  }

  String endpoint() {
    return "http://127.0.0.1:" + port;
  }

  List<Span> spans() {
    return List.copyOf(spans);
  }

  List<Span> spansOf(String traceId) {
    return spans.stream().filter(span -> span.traceId().equals(traceId)).toList();
  }

  List<Map<String, Object>> resources() {
    return List.copyOf(resources);
  }

  /// Of the requests, over HTTP.
  List<Map<String, String>> headers() {
    return List.copyOf(headers);
  }

  /// Whether the text stands anywhere in what was sent.
  boolean holds(String text) {
    return messages.stream()
        .anyMatch(message ->
            new String(message, StandardCharsets.ISO_8859_1)
                .contains(
                    new String(
                        text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1)));
  }

  /// Waits until a trace has a span that the call itself is, which is sent last, and gives all of
  /// that trace's.
  List<Span> await(String traceId) throws InterruptedException {
    await(span -> span.traceId().equals(traceId) && span.kind() == 2);
    return spansOf(traceId);
  }

  Span await(Predicate<Span> wanted) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (spans.stream().noneMatch(wanted)) {
      if (System.nanoTime() > until) {
        throw new AssertionError("There is no such span among " + spans);
      }
      Thread.sleep(5);
    }
    return spans.stream().filter(wanted).findFirst().orElseThrow();
  }

  @Override
  public void close() {
    stop.run();
  }

  private void receive(byte[] message) throws UncheckedIOException {
    messages.add(message);
    try {
      for (UnknownFieldSet ofResource : groups(UnknownFieldSet.parseFrom(message), 1)) {
        groups(ofResource, 1).forEach(resource -> resources.add(attributes(resource, 1)));
        for (UnknownFieldSet ofScope : groups(ofResource, 2)) {
          groups(ofScope, 2).forEach(span -> spans.add(span(span)));
        }
      }
    } catch (InvalidProtocolBufferException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Span span(UnknownFieldSet span) {
    return new Span(
        hex(span, 1),
        hex(span, 2),
        hex(span, 4),
        text(span, 3),
        text(span, 5),
        number(span, 6),
        span.getField(7).getFixed64List().getFirst(),
        span.getField(8).getFixed64List().getFirst(),
        attributes(span, 9),
        groups(span, 11).stream()
            .map(event -> new Event(text(event, 2), attributes(event, 3)))
            .toList(),
        groups(span, 13).stream().map(link -> new Link(hex(link, 1), hex(link, 2))).toList(),
        groups(span, 15).stream().mapToLong(status -> number(status, 3)).sum());
  }

  private static Map<String, Object> attributes(UnknownFieldSet holder, int field) {
    Map<String, Object> attributes = new HashMap<>();
    for (UnknownFieldSet attribute : groups(holder, field)) {
      UnknownFieldSet value = groups(attribute, 2).getFirst();
      attributes.put(
          text(attribute, 1),
          value.hasField(1)
              ? text(value, 1)
              : value.hasField(2) ? (Object) (number(value, 2) == 1) : (Object) number(value, 3));
    }
    return attributes;
  }

  private static List<UnknownFieldSet> groups(UnknownFieldSet holder, int field) {
    List<UnknownFieldSet> groups = new ArrayList<>();
    for (ByteString bytes : holder.getField(field).getLengthDelimitedList()) {
      try {
        groups.add(UnknownFieldSet.parseFrom(bytes));
      } catch (InvalidProtocolBufferException e) {
        throw new UncheckedIOException(e);
      }
    }
    return groups;
  }

  private static ByteString bytes(UnknownFieldSet holder, int field) {
    List<ByteString> all = holder.getField(field).getLengthDelimitedList();
    return all.isEmpty() ? ByteString.EMPTY : all.getLast();
  }

  private static String text(UnknownFieldSet holder, int field) {
    return bytes(holder, field).toStringUtf8();
  }

  private static String hex(UnknownFieldSet holder, int field) {
    return HexFormat.of().formatHex(bytes(holder, field).toByteArray());
  }

  private static long number(UnknownFieldSet holder, int field) {
    return holder.getField(field).getVarintList().stream().mapToLong(Long::longValue).sum();
  }
}
