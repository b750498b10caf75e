package dev.nunchi.bench;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The connections of a load, taken in turn; each has calls of its own limit in flight (HTTP/2).
final class GrpcChannels implements AutoCloseable {
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final List<Channel> intercepted = new ArrayList<>();

  GrpcChannels(Address address) {
    for (int i = 0; i < address.connections(); i++) {
      ManagedChannel channel =
          Grpc.newChannelBuilderForAddress(
                  address.host(), address.port(), InsecureChannelCredentials.create())
              .build();
      channels.add(channel);
      intercepted.add(
          address.token().<Channel>map(token -> authorized(channel, token)).orElse(channel));
    }
  }

  private static Channel authorized(ManagedChannel channel, String token) {
    Metadata metadata = new Metadata();
    metadata.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
  }

  Channel get(long number) {
    return intercepted.get((int) Math.floorMod(number, (long) intercepted.size()));
  }

  int size() {
    return channels.size();
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
