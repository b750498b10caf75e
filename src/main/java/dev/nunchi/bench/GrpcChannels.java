package dev.nunchi.bench;

import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The connections of a load over gRPC, those that are kept taken in turn. Where the host's name is
/// several addresses, as that of a headless Service, each kept one is one to every address.
final class GrpcChannels implements AutoCloseable {
  private final Address address;
  private final ChannelCredentials credentials;
  private final List<Line> kept = new ArrayList<>();

  /// A connection, which opens with the first call.
  ///
  /// @param channel to call over
  /// @param end closes it where it was opened for one call, once that has ended
  record Line(Channel channel, Runnable end) {}

  private final List<ManagedChannel> channels = new ArrayList<>();

  GrpcChannels(Address address) {
    this.address = address;
    this.credentials =
        address
            .connections()
            .authorities()
            .map(TrustedAuthorities::credentials)
            .orElseGet(InsecureChannelCredentials::create);
    for (int i = 0; !address.connections().fresh() && i < address.connections().count(); i++) {
      ManagedChannel channel = open();
      channels.add(channel);
      kept.add(new Line(authorized(channel), () -> {}));
    }
  }

  private ManagedChannel open() {
    return Grpc.newChannelBuilderForAddress(address.host(), address.port(), credentials)
        .defaultLoadBalancingPolicy(address.connections().fresh() ? "pick_first" : "round_robin")
        .build();
  }

  private Channel authorized(ManagedChannel channel) {
    return address
        .token()
        .<Channel>map(token -> {
          Metadata metadata = new Metadata();
          metadata.put(
              Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
              "Bearer " + token);
          return ClientInterceptors.intercept(
              channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
        })
        .orElse(channel);
  }

  /// The next in turn, or one of its own for this call.
  Line get(long number) {
    if (!kept.isEmpty()) {
      return kept.get((int) Math.floorMod(number, (long) kept.size()));
    }
    ManagedChannel channel = open();
    return new Line(authorized(channel), channel::shutdown);
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
    for (ManagedChannel channel : channels) {
      try {
        channel.awaitTermination(5, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
