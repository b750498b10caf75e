package dev.nunchi.hub;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// An HTTP server on the loopback that can do whatever a bad one does: break off, be silent, lie.
final class FakeServer implements AutoCloseable {
  private static final int PIECE_BYTES = 8 << 10;

  private final ServerSocket listener;
  private final Function<Request, Answer> answers;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();

  /// What was asked.
  ///
  /// @param path with the query
  record Request(String method, String path, Map<String, String> headers) {
    String header(String name) {
      return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
    }

    /// The first byte that is asked for, empty where all are.
    OptionalLong from() {
      String range = header("Range");
      return range.matches("bytes=\\d+-.*")
          ? OptionalLong.of(Long.parseLong(range.substring(6, range.indexOf('-'))))
          : OptionalLong.empty();
    }
  }

  /// What is answered.
  ///
  /// @param cutAfter bytes of the body after which the connection ends; -1 for never
  /// @param reset whether it then ends with a reset
  /// @param silentAfter bytes of the body after which nothing more comes; -1 for never
  /// @param pauseMillis after each piece
  /// @param sent hears of bytes of the body as they go out
  record Answer(
      int status,
      Map<String, String> headers,
      byte[] body,
      int cutAfter,
      boolean reset,
      int silentAfter,
      int pauseMillis,
      IntConsumer sent) {
    static Answer of(int status, Map<String, String> headers, byte[] body) {
      return new Answer(status, headers, body, -1, false, -1, 0, count -> {});
    }

    static Answer of(int status, Map<String, String> headers) {
      return of(status, headers, new byte[0]);
    }

    static Answer json(String json) {
      return of(
          200, Map.of("Content-Type", "application/json"), json.getBytes(StandardCharsets.UTF_8));
    }

    Answer cut(int after, boolean withReset) {
      return new Answer(status, headers, body, after, withReset, silentAfter, pauseMillis, sent);
    }

    Answer silent(int after) {
      return new Answer(status, headers, body, cutAfter, reset, after, pauseMillis, sent);
    }

    Answer slow(int millis) {
      return new Answer(status, headers, body, cutAfter, reset, silentAfter, millis, sent);
    }

    Answer counted(IntConsumer counter) {
      return new Answer(status, headers, body, cutAfter, reset, silentAfter, pauseMillis, counter);
    }

    Answer with(String name, String value) {
      Map<String, String> more = new LinkedHashMap<>(headers);
      more.put(name, value);
      return new Answer(status, more, body, cutAfter, reset, silentAfter, pauseMillis, sent);
    }

    Answer withBody(byte[] other) {
      return new Answer(status, headers, other, cutAfter, reset, silentAfter, pauseMillis, sent);
    }
  }

  FakeServer(Function<Request, Answer> answers) throws IOException {
    this(answers, 0);
  }

  FakeServer(Function<Request, Answer> answers, int port) throws IOException {
    this.answers = answers;
    this.listener = new ServerSocket(port, 100, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().name("fake-server").start(this::accept);
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + listener.getLocalPort());
  }

  List<Request> requests() {
    return List.copyOf(requests);
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        // What a cut or a kill loses is at most what lies in buffers.
        socket.setSendBufferSize(PIECE_BYTES);
        open.add(socket);
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException _) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      Request request = read(in);
      if (request != null) {
        requests.add(request);
        answer(socket, request, answers.apply(request));
      }
    } catch (IOException _) {
      // The caller left.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(socket);
    }
  }

  private static @Nullable Request read(InputStream in) throws IOException {
    List<String> lines = new ArrayList<>();
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b >= 0; b = in.read()) {
      if (b == '\n') {
        if (line.size() == 0) {
          break;
        }
        lines.add(line.toString(StandardCharsets.ISO_8859_1));
        line.reset();
      } else if (b != '\r') {
        line.write(b);
      }
    }
    if (lines.isEmpty()) {
      return null;
    }
    String[] first = lines.getFirst().split(" ");
    Map<String, String> headers = new HashMap<>();
    for (String each : lines.subList(1, lines.size())) {
      int colon = each.indexOf(':');
      headers.put(
          each.substring(0, colon).toLowerCase(Locale.ROOT), each.substring(colon + 1).strip());
    }
    return new Request(first[0], first[1], headers);
  }

  private static void answer(Socket socket, Request request, Answer answer)
      throws IOException, InterruptedException {
    StringBuilder head = new StringBuilder("HTTP/1.1 " + answer.status() + " Said\r\n");
    Map<String, String> headers = new LinkedHashMap<>(answer.headers());
    if (!headers.containsKey("Transfer-Encoding")) {
      headers.putIfAbsent("Content-Length", Integer.toString(answer.body().length));
    }
    headers.put("Connection", "close");
    headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    OutputStream out = socket.getOutputStream();
    out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    if (request.method().equals("HEAD")) {
      out.flush();
      return;
    }
    int end = answer.body().length;
    if (answer.cutAfter() >= 0) {
      end = Math.min(end, answer.cutAfter());
    }
    for (int at = 0; at < end; ) {
      int silence = answer.silentAfter() < 0 ? end : Math.min(end, answer.silentAfter());
      int count = Math.min(PIECE_BYTES, (at < silence ? silence : end) - at);
      if (at >= silence) {
        out.flush();
        Thread.sleep(60_000);
      }
      out.write(answer.body(), at, count);
      answer.sent().accept(count);
      at += count;
      if (answer.pauseMillis() > 0) {
        Thread.sleep(answer.pauseMillis());
      }
    }
    out.flush();
    if (answer.silentAfter() >= end) {
      Thread.sleep(60_000);
    }
    if (answer.reset()) {
      socket.setSoLinger(true, 0);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
