import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Drives the playground in Chromium, by its DevTools protocol.
final class PlaygroundInBrowser {
  private static final int ROUNDS = 20;
  private static final int KEYS = 60;
  private static final long KEY_NANOS = 1_000_000_000L / 60;
  private static final double LIMIT_MILLIS = 100;

  private static final String TYPED =
      "이 영화 정말 재미있어요 배우들 연기도 좋고 음악도 좋았는데 마지막은 조금 아쉬웠어요 그래도 다시 보고 싶은 영화입니다 추천";

  /// Runs before the page's own scripts: counts calls in flight, and keeps when keys came and when
  /// answers were shown.
  private static final String PROBE =
      """
      window.probe = {flying: 0, most: 0, calls: 0, keys: [], frames: [], shown: [], forbidden: []};
      const asked = window.fetch;
      window.fetch = async (...call) => {
        let flying = true;
        const ended = () => { probe.flying -= flying; flying = false; };
        probe.calls++;
        probe.most = Math.max(probe.most, ++probe.flying);
        // One that is taken back settles a moment later.
        call[1].signal?.addEventListener('abort', ended);
        try { return await (probe.fault?.(call) ?? asked(...call)); } finally { ended(); }
      };
      document.addEventListener('securitypolicyviolation',
          (event) => probe.forbidden.push(event.violatedDirective));
      document.addEventListener('input', (event) => {
        if (event.target.id === 'text') {
          const now = performance.now();
          queueMicrotask(() => probe.keys.push([now, Number(event.target.dataset.typed)]));
          requestAnimationFrame(() => probe.frames.push([performance.now() - now, 0]));
        }
      });
      new MutationObserver((changes) => {
        for (const {target} of changes) {
          const answered = Number(target.dataset.answered);
          probe.shown.push([performance.now(), answered]);
        }
      }).observe(document, {subtree: true, attributeFilter: ['data-answered']});
      """;

  /// Names of controls without a name, and texts whose contrast with what is behind them is under
  /// 4.5 : 1.
  private static final String FAULTS =
      """
      (() => {
        const faults = [];
        const shown = (each) => each.getClientRects().length > 0;
        for (const each of document.querySelectorAll('button, select, textarea, input, summary')) {
          const name = each.labels?.length ? each.labels[0].textContent : each.textContent;
          if (shown(each) && name.trim() === '') faults.push('no name: ' + each.id);
        }
        const parts = (colour) => colour.match(/[0-9.]+/g).map(Number);
        const light = (colour) => {
          const [r, g, b] = parts(colour).map((c) => {
            const share = c / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const behind = (each) => {
          for (let at = each; at; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (parts(colour)[3] !== 0) return colour;
          }
          return 'rgb(255, 255, 255)';
        };
        for (const each of document.body.querySelectorAll('*')) {
          const written = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
          if (!shown(each) || !(written || each.matches('textarea'))) continue;
          const [one, other] = [light(getComputedStyle(each).color), light(behind(each))];
          const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
          if (contrast < 4.5) faults.push(each.tagName + ' ' + contrast.toFixed(2));
        }
        if (document.documentElement.scrollWidth > innerWidth) faults.push('wider than the screen');
        return faults.join('; ');
      })()
      """;

  private final String address;
  private final Path directory;
  private final Tab tab;
  private final List<String> failed = new ArrayList<>();

  private PlaygroundInBrowser(String address, Path directory, Tab tab) {
    this.address = address;
    this.directory = directory;
    this.tab = tab;
  }

  public static void main(String[] arguments) throws Exception {
    Path profile = Files.createTempDirectory("playground");
    List<String> command =
        new ArrayList<>(
            List.of(
                arguments[0],
                "--headless",
                "--disable-gpu",
                "--remote-debugging-port=0",
                "--lang=ko",
                "--accept-lang=ko",
                "--user-data-dir=" + profile));
    if (System.getProperty("user.name").equals("root")) {
      command.add("--no-sandbox");
    }
    command.add("about:blank");
    Process browser = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      PlaygroundInBrowser run =
          new PlaygroundInBrowser(
              arguments[1].replaceFirst("/$", ""), Path.of(arguments[2]), Tab.of(browser));
      run.check();
      run.failed.forEach(fault -> System.out.println("FAILED: " + fault));
      System.out.println(run.failed.isEmpty() ? "all pass" : run.failed.size() + " failed");
      System.exit(run.failed.isEmpty() ? 0 : 1);
    } finally {
      browser.destroy();
      browser.waitFor();
      try (Stream<Path> files = Files.walk(profile)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
  }

  private void check() throws Exception {
    for (String domain : List.of("Page", "Network", "Runtime", "Log")) {
      tab.send(domain + ".enable", "{}");
    }
    tab.send("Page.addScriptToEvaluateOnNewDocument", "{\"source\":%s}".formatted(quoted(PROBE)));
    tab.send(
        "Browser.setDownloadBehavior",
        "{\"behavior\":\"allow\",\"downloadPath\":%s}".formatted(quoted(directory.toString())));
    screen(1280, 1000, false);
    tab.send("Page.navigate", "{\"url\":%s}".formatted(quoted(address + "/")));
    require(
        "the page finds the models", await("document.querySelector('[data-part=model]')?.value"));
    expect("language of the browser", "ko", evaluate("document.documentElement.lang"));

    type();
    refusals();
    require("evidence is marked", await("document.querySelector('.marked mark')?.textContent"));
    picture("desktop");

    tab.evaluate("document.getElementById('compare').click()");
    await("document.querySelectorAll('.pane').length === 2 ? 'two' : ''");
    require(
        "two models answer",
        await(
            "[...document.querySelectorAll('.pane')].every((pane) => pane.querySelector('.marked"
                + " mark') && pane.querySelector('.answer strong').textContent) ? 'both' : ''"));
    table();
    tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })");
    expect("faults in light", "", evaluate(FAULTS));
    picture("compare");
    dark();
    screen(360, 780, true);
    expect("faults on a phone", "", evaluate(FAULTS));
    picture("phone-dark");
    tab.evaluate("document.getElementById('language').click()");
    expect("the other language", "en", evaluate("document.documentElement.lang"));
    expect("faults in English", "", evaluate(FAULTS));
    picture("phone-english");

    expect("what the policy forbids", "", evaluate("probe.forbidden.join()"));
    expect(
        "requests to elsewhere",
        "",
        tab.requests.stream()
            .filter(url -> !url.startsWith(address + "/") && !url.matches("(data|blob):.*"))
            .collect(Collectors.joining(" ")));
    expect("errors in the console", "", String.join(" ", tab.errors));
  }

  /// 60 keystrokes a second, and from each to an answer to that text or a newer one.
  private void type() throws Exception {
    List<Double> every = new ArrayList<>();
    List<Double> last = new ArrayList<>();
    List<Double> frames = new ArrayList<>();
    int calls = 0;
    int behind = 0;
    for (int round = 0; round <= ROUNDS; round++) {
      tab.evaluate(
          "document.getElementById('text').focus(); document.getElementById('text').select();"
              + " probe.keys = []; probe.frames = []; probe.shown = []; probe.calls = 0");
      String text = TYPED.substring(round % 7, round % 7 + KEYS);
      long next = System.nanoTime();
      for (int i = 0; i < KEYS; i++) {
        tab.post("Input.insertText", "{\"text\":%s}".formatted(quoted(text.substring(i, i + 1))));
        next += KEY_NANOS;
        TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
      }
      await(
          "document.querySelector('.pane').dataset.answered ==="
              + " document.getElementById('text').dataset.typed && probe.shown.at(-1)?.[1] ==="
              + " probe.keys.at(-1)?.[1] ? 'answered' : ''");
      expect("text of the answer", text, evaluate("document.querySelector('.marked').textContent"));
      List<double[]> keys = pairs(evaluate("probe.keys.join(' ')"));
      List<double[]> shown = pairs(evaluate("probe.shown.join(' ')"));
      expect("keys that came", KEYS, keys.size());
      calls += Integer.parseInt(evaluate("String(probe.calls)"));
      behind +=
          IntStream.range(1, shown.size())
              .filter(i -> shown.get(i)[1] < shown.get(i - 1)[1])
              .count();
      if (round == 0) {
        // Nothing is warm yet.
        calls = 0;
        continue;
      }
      pairs(evaluate("probe.frames.join(' ')")).forEach(frame -> frames.add(frame[0]));
      for (double[] key : keys) {
        double millis =
            shown.stream().filter(answer -> answer[1] >= key[1]).findFirst().orElseThrow()[0]
                - key[0];
        every.add(millis);
        if (key == keys.getLast()) {
          last.add(millis);
        }
      }
      // Evidence comes before the next round, so that it is timed too.
      TimeUnit.MILLISECONDS.sleep(300);
    }
    System.out.printf(
        "%d keys, %d calls, most in flight %s%n",
        every.size(), calls, evaluate("String(probe.most)"));
    // Nothing can be shown sooner, whatever the page does.
    System.out.printf("key to the browser's next frame: %s%n", quantiles(frames));
    System.out.printf("key to newest answer: %s%n", quantiles(every));
    System.out.printf("last key to its answer: %s%n", quantiles(last));
    expect("answers of an older text after a newer", 0, behind);
    expect(
        "at most two calls in flight", true, Integer.parseInt(evaluate("String(probe.most)")) <= 2);
    expect("p99 within " + LIMIT_MILLIS + " ms", true, quantile(every, 0.99) <= LIMIT_MILLIS);
  }

  /// What a refusal says, and that a late answer to an older text stays unseen.
  private void refusals() throws Exception {
    String answered =
        "document.querySelector('.pane').dataset.answered ==="
            + " document.getElementById('text').dataset.typed &&"
            + " document.querySelector('.refusal').hidden ? 'answered' : ''";
    tab.evaluate(
        """
        probe.fault = () => {
          probe.fault = undefined;
          return Promise.resolve(new Response('{"detail": "full"}', {status: 429, headers: {'Retry-After': '1'}}));
        }
        """);
    write("바쁜 서버");
    expect(
        "what 429 says",
        "서버가 바쁩니다. 다시 묻는 중입니다",
        await("document.querySelector('.refusal').textContent"));
    require("what 429 refused is asked again", await(answered));

    tab.evaluate(
        """
        probe.late = 0;
        probe.fault = (call) => JSON.parse(call[1].body).text !== '늦은 글' ? undefined
            : new Promise((done) => setTimeout(() => {
                probe.late++;
                done(asked(call[0], {...call[1], signal: undefined}));
              }, 400))
        """);
    write("늦은 글");
    write("새 글");
    require("the newer text is answered", await(answered));
    require("the older one is answered late", await("probe.late > 0 ? 'late' : ''"));
    TimeUnit.MILLISECONDS.sleep(500);
    expect("the text shown", "새 글", evaluate("document.querySelector('.marked').textContent"));

    tab.evaluate(
        """
        probe.fault = (call) => call[1].headers.Authorization === 'Bearer right-token-0123456789' ? undefined
            : Promise.resolve(new Response('{"detail": "no token"}', {status: 401}))
        """);
    write("토큰이 필요한 서버");
    require(
        "a token is asked for", await("document.getElementById('access').hidden ? '' : 'asked'"));
    tab.evaluate("document.getElementById('token').focus()");
    tab.send("Input.insertText", "{\"text\":\"right-token-0123456789\"}");
    tab.evaluate("document.getElementById('token-use').click()");
    require("with the token it is answered", await(answered));
    expect("the token in the page", "", evaluate("document.getElementById('token').value"));
    tab.evaluate("probe.fault = undefined");
    write(TYPED.substring(0, KEYS));
    require("and without faults", await(answered));
  }

  private void write(String text) throws Exception {
    tab.evaluate(
        "document.getElementById('text').focus(); document.getElementById('text').select()");
    tab.send("Input.insertText", "{\"text\":%s}".formatted(quoted(text)));
  }

  private void table() throws Exception {
    List<String> lines = new ArrayList<>(List.of("=1+1", "-좋아요", "@SUM(A1)", "\"따옴표\", 쉼표"));
    IntStream.range(lines.size(), 100).forEach(i -> lines.add("영화 " + i + "번 정말 재미있어요"));
    tab.evaluate("document.getElementById('lines').focus()");
    tab.send("Input.insertText", "{\"text\":%s}".formatted(quoted(String.join("\n", lines))));
    tab.evaluate("document.getElementById('classify').click()");
    require(
        "a hundred lines are answered",
        await("document.getElementById('csv').hidden ? '' : 'there'"));
    expect("rows", "100", evaluate("String(document.querySelectorAll('#rows tr').length)"));
    expect(
        "rows without an answer",
        "0",
        evaluate(
            "String([...document.querySelectorAll('#rows tr')].filter((row) =>"
                + " row.children[3].textContent === '').length)"));
    Path file = directory.resolve("nunchi.csv");
    Files.deleteIfExists(file);
    tab.evaluate("document.getElementById('csv').click()");
    for (int i = 0; i < 100 && !Files.exists(file); i++) {
      TimeUnit.MILLISECONDS.sleep(100);
    }
    String csv = Files.readString(file);
    expect("byte order mark", '\uFEFF', csv.charAt(0));
    expect("lines of the CSV", 101, csv.split("\r\n").length);
    for (String cell :
        List.of(",\"'=1+1\",", ",\"'-좋아요\",", ",\"'@SUM(A1)\",", ",\"\"\"따옴표\"\", 쉼표\",")) {
      expect("a cell " + cell, true, csv.contains(cell));
    }
  }

  private void dark() throws Exception {
    tab.send(
        "Emulation.setEmulatedMedia",
        "{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"dark\"},"
            + "{\"name\":\"prefers-reduced-motion\",\"value\":\"reduce\"}]}");
    expect("faults in dark", "", evaluate(FAULTS));
    expect(
        "motion where less is asked for",
        "0s",
        evaluate("getComputedStyle(document.querySelector('.track span')).transitionDuration"));
    picture("dark");
  }

  private void screen(int width, int height, boolean phone) throws Exception {
    tab.send(
        "Emulation.setDeviceMetricsOverride",
        "{\"width\":%d,\"height\":%d,\"deviceScaleFactor\":1,\"mobile\":%s}"
            .formatted(width, height, phone));
  }

  private void picture(String name) throws Exception {
    String answer =
        tab.send("Page.captureScreenshot", "{\"captureBeyondViewport\":true,\"format\":\"png\"}");
    Matcher data = Pattern.compile("\"data\":\"([A-Za-z0-9+/=]+)\"").matcher(answer);
    data.find();
    Files.write(directory.resolve(name + ".png"), Base64.getDecoder().decode(data.group(1)));
  }

  private String evaluate(String script) throws Exception {
    return tab.evaluate(script);
  }

  /// What the script gives when it is not empty; empty after half a minute.
  private String await(String script) throws Exception {
    for (int i = 0; i < 600; i++) {
      String value = tab.evaluate(script + " ?? ''");
      if (!value.isEmpty()) {
        return value;
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    return "";
  }

  /// Nothing after it means anything where it does not hold.
  private static void require(String what, String value) {
    if (value.isEmpty()) {
      throw new IllegalStateException("It does not hold that " + what);
    }
  }

  private void expect(String what, Object expected, Object actual) {
    if (!expected.equals(actual)) {
      failed.add("%s: expected '%s', was '%s'".formatted(what, expected, actual));
    }
  }

  private static List<double[]> pairs(String text) {
    return Arrays.stream(text.split(" "))
        .map(pair -> Arrays.stream(pair.split(",")).mapToDouble(Double::parseDouble).toArray())
        .toList();
  }

  private static String quantiles(List<Double> millis) {
    return "median %.1f ms, p99 %.1f ms, most %.1f ms"
        .formatted(quantile(millis, 0.5), quantile(millis, 0.99), quantile(millis, 1));
  }

  private static double quantile(List<Double> millis, double share) {
    List<Double> sorted = millis.stream().sorted().toList();
    return sorted.get((int) Math.ceil(share * sorted.size()) - 1);
  }

  private static String quoted(String text) {
    return "\""
        + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\t", "\\t")
        + "\"";
  }

  /// A tab of the browser. Messages are JSON of which only strings are looked for.
  private static final class Tab implements WebSocket.Listener {
    private static final Pattern LISTENING = Pattern.compile("DevTools listening on ws://([^/]+)/");
    private static final Pattern SOCKET =
        Pattern.compile("\"webSocketDebuggerUrl\":\\s*\"([^\"]+)\"");
    private static final Pattern ID = Pattern.compile("^\\{\"id\":(\\d+)");
    private static final Pattern VALUE = Pattern.compile("\"value\":\"((?:[^\"\\\\]++|\\\\.)*+)\"");
    private static final Pattern URL = Pattern.compile("\"request\":\\{\"url\":\"([^\"]+)\"");

    private final AtomicInteger ids = new AtomicInteger();
    private final Map<Integer, CompletableFuture<String>> waiting = new ConcurrentHashMap<>();
    private final StringBuilder message = new StringBuilder();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<String> errors = new CopyOnWriteArrayList<>();
    private WebSocket socket;

    static Tab of(Process browser) throws Exception {
      BufferedReader output = browser.inputReader(StandardCharsets.UTF_8);
      String host = null;
      for (String line; host == null && (line = output.readLine()) != null; ) {
        Matcher listening = LISTENING.matcher(line);
        host = listening.find() ? listening.group(1) : null;
      }
      Thread.ofVirtual().start(() -> output.lines().forEach(_ -> {}));
      HttpClient client = HttpClient.newHttpClient();
      String tab =
          client
              .send(
                  HttpRequest.newBuilder(URI.create("http://" + host + "/json/new?about:blank"))
                      .PUT(HttpRequest.BodyPublishers.noBody())
                      .build(),
                  HttpResponse.BodyHandlers.ofString())
              .body();
      Matcher address = SOCKET.matcher(tab);
      address.find();
      Tab opened = new Tab();
      opened.socket =
          client.newWebSocketBuilder().buildAsync(URI.create(address.group(1)), opened).join();
      return opened;
    }

    String evaluate(String script) throws Exception {
      String answer =
          send(
              "Runtime.evaluate",
              "{\"returnByValue\":true,\"expression\":%s}".formatted(quoted(script)));
      if (answer.contains("\"exceptionDetails\"")) {
        throw new IOException(script + ": " + answer);
      }
      Matcher value = VALUE.matcher(answer);
      return value.find() ? unescaped(value.group(1)) : "";
    }

    String send(String method, String parameters) throws Exception {
      return post(method, parameters).get(60, TimeUnit.SECONDS);
    }

    CompletableFuture<String> post(String method, String parameters) {
      int id = ids.incrementAndGet();
      CompletableFuture<String> answer = new CompletableFuture<>();
      waiting.put(id, answer);
      String text = "{\"id\":%d,\"method\":\"%s\",\"params\":%s}".formatted(id, method, parameters);
      socket.sendText(text, true).join();
      return answer;
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean whole) {
      message.append(part);
      if (whole) {
        take(message.toString());
        message.setLength(0);
      }
      socket.request(1);
      return null;
    }

    private void take(String text) {
      Matcher id = ID.matcher(text);
      if (id.find()) {
        waiting.remove(Integer.valueOf(id.group(1))).complete(text);
      } else if (text.startsWith("{\"method\":\"Network.requestWillBeSent\"")) {
        Matcher url = URL.matcher(text);
        requests.add(url.find() ? url.group(1) : text);
      } else if (text.startsWith("{\"method\":\"Runtime.exceptionThrown\"")
          || (text.startsWith("{\"method\":\"Log.entryAdded\"")
              && text.contains("\"level\":\"error\""))) {
        errors.add(text);
      }
    }

    private static String unescaped(String text) {
      return Pattern.compile("\\\\(?:u([0-9a-f]{4})|(.))")
          .matcher(text)
          .replaceAll(escape ->
              Matcher.quoteReplacement(
                  escape.group(1) != null
                      ? Character.toString(Integer.parseInt(escape.group(1), 16))
                      : escape.group(2).equals("n") ? "\n" : escape.group(2)));
    }
  }
}
