import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/// Callers of a REST service who each wait for their answer: `RestLoad URL FIELD TEXTS CALLERS
/// WARM_UP SECONDS PID HERTZ`.
///
/// A call is a POST to the URL of a JSON object whose FIELD is a text, the lines of TEXTS in turn,
/// over a connection of HTTP/1.1 for each caller. After WARM_UP seconds it is measured for SECONDS:
/// prints texts a second, texts for a second that the process PID spends on a processor (whose
/// clock in `/proc` has HERTZ ticks a second), milliseconds until the answer, and its resident set.
public final class RestLoad {
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<HttpRequest> calls = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();
  private volatile boolean measured;
  private volatile boolean over;

  private RestLoad(URI url, String field, List<String> texts) {
    for (String text : texts) {
      calls.add(
          HttpRequest.newBuilder(url)
              .header("Content-Type", "application/json")
              .POST(
                  HttpRequest.BodyPublishers.ofString(
                      "{\"" + field + "\": \"" + escaped(text) + "\"}"))
              .build());
    }
  }

  private static String escaped(String text) {
    StringBuilder escaped = new StringBuilder();
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') {
        escaped.append('\\').append(c);
      } else if (c < ' ') {
        escaped.append("\\u%04x".formatted((int) c));
      } else {
        escaped.append(c);
      }
    }
    return escaped.toString();
  }

  /// @return nanoseconds of each call that was answered in the time that is measured
  private List<Long> call() throws IOException, InterruptedException {
    List<Long> times = new ArrayList<>();
    while (!over) {
      HttpRequest call = calls.get(Math.floorMod(next.getAndIncrement(), calls.size()));
      long begun = System.nanoTime();
      HttpResponse<String> answer = client.send(call, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IOException("answered " + answer.statusCode() + ": " + answer.body());
      }
      if (measured) {
        times.add(System.nanoTime() - begun);
      }
    }
    return times;
  }

  private static double processorSeconds(Path process, double hertz) throws IOException {
    String stat = Files.readString(process.resolve("stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / hertz;
  }

  private static long residentMegabytes(Path process) throws IOException {
    for (String line : Files.readAllLines(process.resolve("status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
      }
    }
    throw new IOException("no VmRSS in " + process.resolve("status"));
  }

  public static void main(String[] arguments) throws Exception {
    RestLoad load =
        new RestLoad(
            URI.create(arguments[0]), arguments[1], Files.readAllLines(Path.of(arguments[2])));
    int callers = Integer.parseInt(arguments[3]);
    Path process = Path.of("/proc", arguments[6]);
    double hertz = Double.parseDouble(arguments[7]);
    List<Future<List<Long>>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(callers)) {
      for (int i = 0; i < callers; i++) {
        all.add(threads.submit(load::call));
      }
      Thread.sleep(1000 * Long.parseLong(arguments[4]));
      double spent = processorSeconds(process, hertz);
      long begun = System.nanoTime();
      load.measured = true;
      Thread.sleep(1000 * Long.parseLong(arguments[5]));
      load.measured = false;
      double seconds = (System.nanoTime() - begun) / 1e9;
      spent = processorSeconds(process, hertz) - spent;
      load.over = true;
      List<Long> each = new ArrayList<>();
      for (Future<List<Long>> caller : all) {
        each.addAll(caller.get());
      }
      long[] times = each.stream().mapToLong(Long::longValue).sorted().toArray();
      System.out.printf(
          Locale.ROOT,
          "%d callers: %.0f texts/s, %.0f texts/CPU-s, p50 %.2f ms, p99 %.2f ms, %d MB%n",
          callers,
          times.length / seconds,
          times.length / spent,
          times[times.length / 2] / 1e6,
          times[times.length * 99 / 100] / 1e6,
          residentMegabytes(process));
    }
  }
}
