package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.DurableFiles;
import java.io.EOFException;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Fetches one file whole, or says why not.
///
/// Bytes go into a file of their own as they come, and a connection that breaks, a server that is
/// busy or a process that dies costs only what was on its way: the next attempt, of this process or
/// another, asks for the rest (`Range`). The file gets its name when it has the size and the digest
/// that were listed. What contradicts the listing, in a header or in the bytes, ends the transfer;
/// what does not do is deleted.
final class Transfer {
  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+|\\*)");

  private final Http http;
  private final Patience patience;
  private final PullListener listener;

  Transfer(Http http, Patience patience, PullListener listener) {
    this.http = http;
    this.patience = patience;
    this.listener = listener;
  }

  /// What an answer means that is no success.
  @FunctionalInterface
  interface Refusal {
    NunchiException of(Http.Head head);
  }

  /// As whom a source is asked.
  interface Access {
    /// Null where the source need not know who asks.
    @Nullable Credential credential();

    /// Whether a request that was answered with 401 may be repeated, as there is another credential
    /// now.
    ///
    /// @param asked what the request was made with
    boolean answers(Http.Head challenged, @Nullable Credential asked) throws IOException;

    /// What an answer means that is no success.
    NunchiException refusal(Http.Head head);
  }

  /// Access by what does not run out.
  private record Lasting(@Nullable Credential credential, Refusal refused) implements Access {
    @Override
    public boolean answers(Http.Head challenged, @Nullable Credential asked) {
      return false;
    }

    @Override
    public NunchiException refusal(Http.Head head) {
      return refused.of(head);
    }
  }

  /// @param credential null where the source need not know who asks
  /// @param incomplete where the bytes go until they are all there
  /// @throws NunchiException naming the file, what was expected and what came
  void fetch(
      RemoteFile file,
      URI source,
      @Nullable Credential credential,
      Refusal refusal,
      Path incomplete,
      Path target) {
    fetch(file, source, new Lasting(credential, refusal), incomplete, target);
  }

  /// The same where a credential may run out on the way.
  void fetch(RemoteFile file, URI source, Access access, Path incomplete, Path target) {
    try (PartialFile partial = PartialFile.open(incomplete, file)) {
      boolean isContinued = partial.length() > 0;
      listener.found(partial.length());
      if (partial.length() < file.size()) {
        complete(file, source, access, partial);
      }
      ContentDigest came = partial.digest();
      if (!came.equals(file.digest())) {
        Files.delete(incomplete);
        if (!isContinued) {
          throw new NunchiException(
              Reason.INVALID_MODEL,
              "%s: a %s of %s was expected, but %s came; it was deleted, and the same command fetches it anew"
                  .formatted(
                      file.name(), file.digest().algorithm(), file.digest().hex(), came.hex()));
        }
        listener.noted(file.name() + ": what an earlier pull left is damaged; fetching it anew");
        listener.lost(file.size());
        fetch(file, source, access, incomplete, target);
        return;
      }
      partial.sync();
      Files.move(incomplete, target, StandardCopyOption.ATOMIC_MOVE);
      DurableFiles.syncDirectory(target.toAbsolutePath().resolveSibling(""));
    } catch (IOException e) {
      throw DurableFiles.notWritten(incomplete, e);
    }
  }

  private void complete(RemoteFile file, URI source, Access access, PartialFile partial) {
    patience.bear(
        file.name(),
        partial::length,
        listener::noted,
        () -> {
          @Nullable Credential asked = access.credential();
          Http.Head head = ask(file, source, asked, partial);
          if (head.status() == 401 && access.answers(head, asked)) {
            head = ask(file, source, access.credential(), partial);
          }
          head.requireCalm();
          if (!head.isSuccess()) {
            throw access.refusal(head);
          }
          if (partial.length() < file.size()) {
            throw new EOFException(
                String.format(
                    Locale.ROOT, "after %,d of %,d bytes", partial.length(), file.size()));
          }
          return head;
        });
  }

  /// Asks for what is not here yet.
  private Http.Head ask(
      RemoteFile file, URI source, @Nullable Credential credential, PartialFile partial)
      throws IOException {
    long from = partial.length();
    return http.send(
        "GET",
        source,
        from == 0 ? Map.of() : Map.of("Range", "bytes=" + from + "-"),
        credential,
        new Arriving(file, partial));
  }

  /// The bytes of one answer, held against what was listed.
  private final class Arriving implements Http.Body {
    private final RemoteFile file;
    private final PartialFile partial;

    Arriving(RemoteFile file, PartialFile partial) {
      this.file = file;
      this.partial = partial;
    }

    @Override
    public void begin(Http.Head head) throws IOException {
      requireListedDigest(head);
      String encoding = Optional.ofNullable(head.header("Content-Encoding")).orElse("identity");
      if (!encoding.equalsIgnoreCase("identity")) {
        throw wrong("the file as it is was asked for, but it came as " + encoding);
      }
      if (head.status() == 206) {
        requireRange(head);
        return;
      }
      long announced = head.length().orElse(file.size());
      requireSize(announced);
      if (partial.length() > 0) {
        listener.noted(file.name() + ": the server cannot go on in the middle; it begins anew");
        listener.lost(partial.length());
        partial.restart();
      }
    }

    /// What the server says the file is, where it says so again.
    private void requireListedDigest(Http.Head head) {
      Optional<ContentDigest> said = ContentDigest.announced(head);
      if (said.isPresent()
          && said.get().hex().length() == file.digest().hex().length()
          && !said.get().equals(file.digest())) {
        throw wrong(
            "a %s of %s was listed, but %s is announced"
                .formatted(file.digest().algorithm(), file.digest().hex(), said.get().hex()));
      }
    }

    private void requireRange(Http.Head head) {
      String range = String.valueOf(head.header("Content-Range"));
      Matcher parts = CONTENT_RANGE.matcher(range);
      if (!parts.matches()
          || parts.group(1).length() > 18
          || Long.parseLong(parts.group(1)) != partial.length()) {
        throw wrong(
            "bytes from %d on were asked for, but '%s' came".formatted(partial.length(), range));
      }
      if (!parts.group(3).equals("*") && !parts.group(3).equals(Long.toString(file.size()))) {
        throw wrong(
            String.format(
                Locale.ROOT,
                "%,d bytes were listed, but of %s is the talk",
                file.size(),
                parts.group(3)));
      }
    }

    private void requireSize(long announced) {
      if (announced != file.size()) {
        throw wrong(
            String.format(
                Locale.ROOT,
                "%,d bytes were listed, but %,d are announced",
                file.size(),
                announced));
      }
    }

    @Override
    public void accept(ByteBuffer bytes) throws IOException {
      int count = bytes.remaining();
      if (partial.length() + count > file.size()) {
        // Who sends too much may have sent what is here too.
        partial.restart();
        throw wrong(
            String.format(Locale.ROOT, "%,d bytes were listed, but more came", file.size()));
      }
      try {
        partial.append(bytes);
      } catch (IOException e) {
        throw DurableFiles.notWritten(Path.of(file.name()), e);
      }
      listener.received(count);
    }

    private NunchiException wrong(String what) {
      return new NunchiException(Reason.INVALID_MODEL, file.name() + ": " + what);
    }
  }
}
