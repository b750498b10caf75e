package dev.nunchi.serve;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import org.eclipse.microprofile.config.ConfigProvider;

/// Where the server of the tests listens.
final class ServerUnderTest {
  private ServerUnderTest() {}

  /// A channel that the caller shuts down.
  static ManagedChannel channel() {
    return ManagedChannelBuilder.forAddress("localhost", port()).usePlaintext().build();
  }

  static int port() {
    return ConfigProvider.getConfig().getValue("quarkus.http.test-port", Integer.class);
  }
}
