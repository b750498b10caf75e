package dev.nunchi.cli;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;
import java.util.stream.Stream;

/// Java's own resolver, with one more name: [#NAME] is two addresses of this machine, as that of a
/// headless Service is those of its pods. Java finds it by META-INF/services.
public final class NameOfSeveralAddresses extends InetAddressResolverProvider {
  static final String NAME = "several.nunchi.test";

  @Override
  public InetAddressResolver get(Configuration configuration) {
    InetAddressResolver own = configuration.builtinResolver();
    return new InetAddressResolver() {
      @Override
      public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
          throws UnknownHostException {
        return host.equals(NAME)
            ? Stream.of(
                InetAddress.getByAddress(NAME, new byte[] {127, 0, 0, 1}),
                InetAddress.getByAddress(NAME, new byte[] {127, 0, 0, 2}))
            : own.lookupByName(host, policy);
      }

      @Override
      public String lookupByAddress(byte[] address) throws UnknownHostException {
        return own.lookupByAddress(address);
      }
    };
  }

  @Override
  public String name() {
    return NAME;
  }
}
