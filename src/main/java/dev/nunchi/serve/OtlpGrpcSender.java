package dev.nunchi.serve;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Codec;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.export.GrpcResponse;
import io.opentelemetry.sdk.common.export.GrpcSender;
import io.opentelemetry.sdk.common.export.GrpcSenderConfig;
import io.opentelemetry.sdk.common.export.GrpcSenderProvider;
import io.opentelemetry.sdk.common.export.GrpcStatusCode;
import io.opentelemetry.sdk.common.export.MessageWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// Sends traces by the gRPC client that comes with the server. Nothing is sent twice.
final class OtlpGrpcSender implements GrpcSender {
  private static final int HTTPS_PORT = 443;
  private static final int HTTP_PORT = 80;

  private final GrpcSenderConfig config;
  private final MethodDescriptor<MessageWriter, byte[]> method;
  private final ManagedChannel channel;

  private OtlpGrpcSender(GrpcSenderConfig config) {
    this.config = config;
    this.method =
        MethodDescriptor.<MessageWriter, byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(config.getFullMethodName())
            .setRequestMarshaller(new Requests())
            .setResponseMarshaller(new Responses())
            .build();
    this.channel = channel(config.getEndpoint(), config.getSslContext());
  }

  /// Found by OpenTelemetry as a service.
  public static final class Provider implements GrpcSenderProvider {
    @Override
    public GrpcSender createSender(GrpcSenderConfig config) {
      return new OtlpGrpcSender(config);
    }
  }

  private static ManagedChannel channel(URI endpoint, @Nullable SSLContext context) {
    boolean secure = "https".equals(endpoint.getScheme());
    int port = endpoint.getPort() == -1 ? secure ? HTTPS_PORT : HTTP_PORT : endpoint.getPort();
    NettyChannelBuilder builder = NettyChannelBuilder.forAddress(endpoint.getHost(), port);
    if (!secure) {
      builder.usePlaintext();
    } else if (context != null) {
      builder.sslContext(
          new JdkSslContext(
              context,
              true,
              Http2SecurityUtil.CIPHERS,
              SupportedCipherSuiteFilter.INSTANCE,
              new ApplicationProtocolConfig(
                  Protocol.ALPN,
                  SelectorFailureBehavior.NO_ADVERTISE,
                  SelectedListenerFailureBehavior.ACCEPT,
                  "h2"),
              ClientAuth.NONE,
              null,
              false));
    }
    return builder.build();
  }

  @Override
  public void send(
      MessageWriter message, Consumer<GrpcResponse> answered, Consumer<Throwable> failed) {
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(
            config.getTimeout().toMillis(), TimeUnit.MILLISECONDS);
    if (config.getCompressor() != null) {
      options = options.withCompression(new Codec.Gzip().getMessageEncoding());
    }
    ClientCall<MessageWriter, byte[]> call = channel.newCall(method, options);
    call.start(
        new ClientCall.Listener<>() {
          private byte[] body = {};

          @Override
          public void onMessage(byte[] answer) {
            body = answer;
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            if (status.getCause() == null) {
              answered.accept(new Answer(status, body));
            } else {
              failed.accept(status.asRuntimeException());
            }
          }
        },
        metadata());
    call.request(1);
    call.sendMessage(message);
    call.halfClose();
  }

  private Metadata metadata() {
    Metadata metadata = new Metadata();
    config
        .getHeadersSupplier()
        .get()
        .forEach((name, values) -> {
          Metadata.Key<String> key = Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
          values.forEach(value -> metadata.put(key, value));
        });
    return metadata;
  }

  @Override
  public CompletableResultCode shutdown() {
    channel.shutdownNow();
    return CompletableResultCode.ofSuccess();
  }

  @SuppressWarnings("ArrayRecordComponent")
  private record Answer(Status status, byte[] body) implements GrpcResponse {
    @Override
    public GrpcStatusCode getStatusCode() {
      return GrpcStatusCode.fromValue(status.getCode().value());
    }

    @Override
    public @Nullable String getStatusDescription() {
      return status.getDescription();
    }

    @Override
    public byte[] getResponseMessage() {
      return body;
    }
  }

  private static final class Requests implements MethodDescriptor.Marshaller<MessageWriter> {
    @Override
    public InputStream stream(MessageWriter message) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(message.getContentLength());
      try {
        message.writeMessage(bytes);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return new ByteArrayInputStream(bytes.toByteArray());
    }

    @Override
    public MessageWriter parse(InputStream stream) {
      throw new UnsupportedOperationException("A client sends requests");
    }
  }

  private static final class Responses implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] message) {
      throw new UnsupportedOperationException("A client reads responses");
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
