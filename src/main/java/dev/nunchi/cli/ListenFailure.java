package dev.nunchi.cli;

import io.quarkus.runtime.QuarkusBindException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;

/// Why a server could not listen where it was to, in the user's words.
final class ListenFailure {
  private ListenFailure() {}

  /// @param cause one of a chain of causes
  /// @param host where it was to listen, where the cause does not say it
  /// @return empty where it is another failure
  static Optional<String> sentence(Throwable cause, String host) {
    return switch (cause) {
      case QuarkusBindException bind -> Optional.of(notBound(bind));
      case UnknownHostException _ -> Optional.of(unknown(host));
      case SocketException family when String.valueOf(family.getMessage()).contains("family") ->
          Optional.of(
              "This machine has no network of the kind of %s; --host takes one of its addresses: %s"
                  .formatted(host, String.join(", ", addresses())));
      default -> Optional.empty();
    };
  }

  private static String notBound(QuarkusBindException bind) {
    String host = bind.getHost();
    InetAddress address;
    try {
      address = InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      return unknown(host);
    }
    if (isDenied(bind)) {
      return "Port %d may not be opened by this user; choose one from 1024 on with --port"
          .formatted(bind.getPort());
    }
    if (!isHere(address)) {
      return "%s is no address of this machine, which has %s; --host 0.0.0.0 stands for all of them"
          .formatted(host, String.join(", ", addresses()));
    }
    return "Port %d of %s is in use by another program; choose another one with --port"
        .formatted(bind.getPort(), host);
  }

  private static String unknown(String host) {
    return "No machine of the name %s is known; --host takes a name or address of this machine: %s, or 0.0.0.0 for all of them"
        .formatted(host, String.join(", ", addresses()));
  }

  private static boolean isDenied(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (String.valueOf(cause.getMessage()).contains("ermission denied")) {
        return true;
      }
    }
    return false;
  }

  private static boolean isHere(InetAddress address) {
    try {
      return address.isAnyLocalAddress()
          || address.isLoopbackAddress()
          || NetworkInterface.getByInetAddress(address) != null;
    } catch (SocketException e) {
      return true;
    }
  }

  /// Those of this machine that others may use, after that of its own.
  private static List<String> addresses() {
    try {
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .filter(address -> !address.isLinkLocalAddress())
          .map(InetAddress::getHostAddress)
          .map(address -> address.replaceFirst("%.*", ""))
          .sorted()
          .toList();
    } catch (SocketException e) {
      return List.of("127.0.0.1");
    }
  }
}
