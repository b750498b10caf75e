package dev.nunchi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The launcher `nunchi` in a small project of its own, with a Maven and with JDKs that are shell
/// scripts and say what they were asked.
@Execution(ExecutionMode.CONCURRENT)
class LauncherTest {
  private static final String NO_JDK =
      "nunchi: Nunchi needs a JDK 25, and none was found: install one, for example Temurin 25 from"
          + " https://adoptium.net, or set JAVA_HOME to where it is.\n";

  /// All that the launcher may call, Maven and Java aside.
  private static final List<String> TOOLS =
      List.of(
          "bash",
          "cat",
          "cksum",
          "date",
          "dirname",
          "find",
          "flock",
          "git",
          "grep",
          "locale",
          "mkdir",
          "mv",
          "ps",
          "readlink",
          "rm",
          "rmdir",
          "sleep",
          "tail",
          "touch");

  private final Map<String, String> environment = new TreeMap<>();

  @TempDir private Path folder;
  private Path project;
  private Path tools;

  @BeforeEach
  void layOutAProject() throws IOException {
    project = folder.resolve("a project");
    tools = Files.createDirectories(folder.resolve("tools"));
    script(project.resolve("nunchi"), Files.readString(Path.of("nunchi")));
    write(project.resolve("pom.xml"), "<project/>");
    write(project.resolve("src/main/java/App.java"), "class App {}");
    for (String tool : TOOLS) {
      for (String place : System.getenv("PATH").split(File.pathSeparator, -1)) {
        if (Files.isExecutable(Path.of(place, tool)) && !Files.exists(tools.resolve(tool))) {
          Files.createSymbolicLink(tools.resolve(tool), Path.of(place, tool));
        }
      }
    }
    script(
        tools.resolve("mvn"),
        """
        #!/usr/bin/env bash
        echo "$JAVA_HOME $*" >>"$FOLDER/mvn.log"
        [[ -z ${MVN_SLEEP:-} ]] || sleep "$MVN_SLEEP"
        if grep -q BROKEN src/main/java/App.java; then
          echo "[ERROR] App.java is broken"
          exit 1
        fi
        for argument; do
          [[ $argument != -Doutput.directory=* ]] || target=${argument#*=}
        done
        mkdir -p "$target/quarkus-app" "$target/training"
        touch "$target/quarkus-app/quarkus-run.jar" "$target/training/torch.jar"
        """);
    jdk("jdks/17", "17.0.15");
    jdk("jdks/25", "25.0.3");
    // It is made by a process that outlives the launcher.
    environment.put("NUNCHI_AOT", "off");
    environment.put("FOLDER", folder.toString());
    environment.put("HOME", folder.toString());
    environment.put("PATH", tools.toString());
    environment.put("NUNCHI_JDKS", folder.resolve("jdks").toString());
  }

  /// JUnit warns of each link that leaves the folder that it deletes.
  @AfterEach
  void deleteLinks() throws IOException {
    for (String tool : TOOLS) {
      Files.deleteIfExists(tools.resolve(tool));
    }
  }

  @Test
  void run_nothingBuilt_saysThatItBuildsAndRuns() throws Exception {
    Result result = run("classify");
    assertEquals("Building Nunchi, which takes a few minutes the first time …\n", result.err());
    assertEquals(0, result.exitCode());
    assertTrue(result.out().startsWith("java 25.0.3\n"), result.out());
    assertEquals(1, builds().size());
    assertTrue(builds().getFirst().startsWith(folder.resolve("jdks/25") + " "), "JAVA_HOME");
  }

  @Test
  void run_fewFiles_saysHowManyItNeeds() throws Exception {
    run();
    ProcessBuilder process =
        new ProcessBuilder(
                "bash", "-c", "ulimit -n 64; exec \"$0\"", project.resolve("nunchi").toString())
            .directory(folder.toFile());
    process.environment().clear();
    process.environment().putAll(environment);
    Result result = result(process.start());
    assertEquals(1, result.exitCode());
    assertEquals(
        "nunchi: Nunchi needs 256 files open at a time, and this process may have 64; raise that"
            + " with 'ulimit -n'.\n",
        result.err());
  }

  @Test
  void run_profilesInTheEnvironment_areBuiltWith() throws Exception {
    environment.put("NUNCHI_PROFILES", "cuda");
    run();
    assertTrue(builds().getFirst().matches(".* -Pcuda .*"), builds().getFirst());
  }

  @Test
  void run_builtAndUnchanged_doesNotBuildAgain() throws Exception {
    run();
    assertEquals("", run().err());
    assertEquals(1, builds().size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"pom.xml", "src/main/resources/x.properties", "proto/x.proto"})
  void run_sourceNewerThanTheBuild_buildsOnce(String source) throws Exception {
    run();
    write(project.resolve(source), "new");
    assertEquals("Building Nunchi, as its sources are newer than the last build …\n", run().err());
    assertEquals("", run().err());
    assertEquals(2, builds().size());
  }

  /// As from an archive of a machine whose clock was ahead.
  @Test
  void run_sourceDatedInTheFuture_buildsOnceAndAgainWhenItIsWritten() throws Exception {
    FileTime tomorrow = FileTime.from(Instant.now().plus(1, ChronoUnit.DAYS));
    Path source = project.resolve("src/main/java/App.java");
    Files.setLastModifiedTime(source, tomorrow);
    run();
    assertEquals("", run().err());
    write(source, "class App { }");
    Files.setLastModifiedTime(source, tomorrow);
    run();
    assertEquals("", run().err());
    write(source, "class App {  }");
    run();
    assertEquals(3, builds().size());
  }

  @Test
  void run_buildDatedInTheFuture_isNotBelieved() throws Exception {
    run();
    Path stamp = buildFolders().getFirst().resolve("stamp");
    Instant tomorrow = Instant.now().plus(1, ChronoUnit.DAYS);
    Files.writeString(stamp, tomorrow.getEpochSecond() + "\n");
    Files.setLastModifiedTime(stamp, FileTime.from(tomorrow));
    run();
    assertEquals("", run().err());
    assertEquals(2, builds().size());
  }

  @Test
  void run_sourceDeleted_builds() throws Exception {
    write(project.resolve("src/main/java/Other.java"), "class Other {}");
    run();
    Files.delete(project.resolve("src/main/java/Other.java"));
    run();
    assertEquals(2, builds().size());
  }

  @Test
  void run_testOrReadmeNewerThanTheBuild_doesNotBuild() throws Exception {
    run();
    write(project.resolve("src/test/java/AppTest.java"), "class AppTest {}");
    write(project.resolve("README.md"), "# App");
    run();
    assertEquals(1, builds().size());
  }

  @Test
  void run_buildFails_showsTheEndOfItsLogAndWhereItIs() throws Exception {
    write(project.resolve("src/main/java/App.java"), "BROKEN");
    Result result = run("classify");
    assertEquals(1, result.exitCode());
    assertEquals("", result.out());
    assertEquals(
        """
        Building Nunchi, which takes a few minutes the first time …
        [ERROR] App.java is broken
        nunchi: The build failed; all it said is in %s.
        """
            .formatted(project.toRealPath().resolve(".nunchi/build.log")),
        result.err());
  }

  @Test
  void run_buildFailsOnce_buildsWhenMended() throws Exception {
    write(project.resolve("src/main/java/App.java"), "BROKEN");
    run();
    write(project.resolve("src/main/java/App.java"), "class App {}");
    assertEquals(0, run().exitCode());
  }

  @Test
  void run_withoutMaven_saysSo() throws Exception {
    Files.delete(tools.resolve("mvn"));
    Result result = run();
    assertEquals(1, result.exitCode());
    assertEquals(
        "nunchi: Nunchi is built with Maven 3.8 or newer, and there is no mvn on the PATH; install"
            + " Maven.\n",
        result.err());
  }

  @Test
  void run_whereNothingCanBeWritten_saysSo() throws Exception {
    write(project.resolve(".nunchi"), "not a folder");
    Result result = run();
    assertEquals(1, result.exitCode());
    assertEquals(
        "nunchi: The build goes to %s, which cannot be written; NUNCHI_BUILDS=FOLDER builds elsewhere.\n"
            .formatted(project.toRealPath().resolve(".nunchi")),
        result.err());
  }

  /// As of another user, or on a medium that is read-only: Java runs, and nothing is written.
  @Test
  void run_whereNothingCanBeWritten_runsTheBuildThatIsThere() throws Exception {
    run();
    Files.delete(tools.resolve("mkdir"));
    script(tools.resolve("mkdir"), "#!/usr/bin/env bash\nexit 1\n");
    assertEquals("", run().err());
    write(project.resolve("pom.xml"), "<project></project>");
    Result older = run();
    assertEquals(0, older.exitCode());
    assertTrue(older.out().startsWith("java 25.0.3\n"), older.out());
    assertEquals(
        "nunchi: The sources are newer than the build, and %s cannot be written, so the build that is there runs; NUNCHI_BUILDS=FOLDER builds elsewhere.\n"
            .formatted(project.toRealPath().resolve(".nunchi")),
        older.err());
    assertEquals(1, builds().size());
  }

  @Test
  void builds_inAFolderOfTheirOwn_areOfEachCheckout() throws Exception {
    Path other = folder.resolve("other/a project");
    script(other.resolve("nunchi"), Files.readString(Path.of("nunchi")));
    write(other.resolve("pom.xml"), "<project/>");
    write(other.resolve("src/main/java/App.java"), "class App {}");
    environment.put("NUNCHI_BUILDS", "built here");
    run();
    assertEquals(0, result(start(folder, other.resolve("nunchi"))).exitCode());
    assertEquals("", run().err());
    assertEquals(2, builds().size());
    assertFalse(Files.exists(project.resolve(".nunchi")));
    try (Stream<Path> checkouts = Files.list(folder.resolve("built here"))) {
      assertEquals(2, checkouts.count());
    }
  }

  @Test
  void builds_inAFolderThatIsAFile_areRefused() throws Exception {
    write(folder.resolve("file"), "");
    environment.put("NUNCHI_BUILDS", folder.resolve("file").toString());
    Result result = run();
    assertEquals(1, result.exitCode());
    assertEquals(
        "nunchi: NUNCHI_BUILDS is %s, and no folder can be made there.\n"
            .formatted(folder.resolve("file")),
        result.err());
  }

  @Test
  void run_pathWithAColon_saysThatJavaCannotTakeIt() throws Exception {
    Path moved = Files.move(project, folder.resolve("a:b"));
    Result result = result(start(folder, moved.resolve("nunchi")));
    assertEquals(1, result.exitCode());
    assertTrue(
        result.err().startsWith("nunchi: There is a colon in " + moved.toRealPath()), result.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"영화 평", "a*b", "[x]", "-n", "a'b\"c", "$HOME"})
  void run_pathWithSignsOfTheShell_runs(String name) throws Exception {
    Path moved = Files.move(project, folder.resolve(name));
    Result result = result(start(folder, Path.of("./" + name + "/nunchi")));
    assertEquals(0, result.exitCode());
    assertTrue(result.out().contains("NUNCHI_HOME=" + moved.toRealPath() + "\n"), result.out());
    assertTrue(
        result.out().contains("NUNCHI_LAUNCHER=" + moved.toRealPath().resolve("nunchi") + "\n"),
        result.out());
    assertTrue(Files.isDirectory(moved.resolve(".nunchi")));
  }

  @Test
  void run_withCdpath_usesItsOwnFolder() throws Exception {
    Path decoy = Files.createDirectories(folder.resolve("decoy/a project"));
    environment.put("CDPATH", folder.resolve("decoy").toString());
    Result result = result(start(folder, Path.of("a project/nunchi")));
    assertTrue(result.out().contains("NUNCHI_HOME=" + project.toRealPath() + "\n"), result.out());
    assertFalse(Files.exists(decoy.resolve(".nunchi")));
  }

  @Test
  void run_byAnotherShell_runs() throws Exception {
    Result result = result(start(folder, Path.of("/bin/sh"), project.resolve("nunchi").toString()));
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(result.out().startsWith("java 25.0.3\n"), result.out());
  }

  @Test
  void run_withoutAHome_runs() throws Exception {
    environment.remove("HOME");
    assertEquals(0, run().exitCode());
  }

  @Test
  void run_lockOfAProcessThatIsGone_isTakenOver() throws Exception {
    Files.delete(tools.resolve("flock"));
    Process shell = start(folder, tools.resolve("bash"), "-c", "echo $HOSTNAME $$");
    String owner = result(shell).out();
    write(project.resolve(".nunchi/lock.d/owner"), owner);
    assertEquals(0, run().exitCode());
    assertEquals(1, builds().size());
    assertFalse(Files.exists(project.resolve(".nunchi/lock.d")));
  }

  @Test
  void run_twiceAtOnce_buildsOnce() throws Exception {
    environment.put("MVN_SLEEP", "1");
    Process first = start(folder, project.resolve("nunchi"));
    Process second = start(folder, project.resolve("nunchi"));
    String talk = result(first).err() + result(second).err();
    assertEquals(1, builds().size());
    assertTrue(talk.contains("Waiting for another build of Nunchi"), talk);
    assertEquals(0, first.exitValue() + second.exitValue());
  }

  @Test
  void run_sourcesChangeWhileAProcessRuns_leavesTheProcessItsBuild() throws Exception {
    environment.put("JAVA_WAITS_FOR", folder.resolve("go").toString());
    Process server = start(folder, project.resolve("nunchi"), "serve");
    String old = server.inputReader().readLine(); // The build is done, and Java runs.
    assertEquals("java 25.0.3", old);
    environment.remove("JAVA_WAITS_FOR");
    List<Path> used = buildFolders();
    write(project.resolve("pom.xml"), "<project></project>");
    run();
    assertEquals(2, buildFolders().size());
    assertTrue(buildFolders().containsAll(used));
    write(folder.resolve("go"), "");
    assertEquals(0, server.waitFor());
    write(project.resolve("pom.xml"), "<project> </project>");
    run();
    assertEquals(1, buildFolders().size());
    assertFalse(buildFolders().containsAll(used));
  }

  @Test
  void run_arguments_arriveAsTheyAre() throws Exception {
    Result result = run("classify", "이 영화 *", "", "--format", "$HOME \"x\"");
    assertTrue(
        result.out().endsWith("[classify]\n[이 영화 *]\n[]\n[--format]\n[$HOME \"x\"]\n"),
        result.out());
  }

  @Test
  void run_closedStandardStreams_areReplacedByOnesThatFail() throws Exception {
    run();
    environment.put("JAVA_SHOWS_STREAMS", "1");
    ProcessBuilder process =
        new ProcessBuilder(
            tools.resolve("bash").toString(),
            "-c",
            "exec \"$0\" classify <&- >&- 2>&-",
            project.resolve("nunchi").toString());
    process.directory(folder.toFile()).environment().clear();
    process.environment().putAll(environment);
    assertEquals(0, process.start().waitFor());
    assertEquals(
        List.of("0 is not readable", "1 is not writable", "2 is writable"),
        Files.readAllLines(folder.resolve("streams")));
  }

  @Test
  void run_exitCodeOfTheProgram_isTheLaunchers() throws Exception {
    environment.put("JAVA_EXITS_WITH", "2");
    assertEquals(2, run("nonsense").exitCode());
  }

  @Test
  void run_serve_hasNoTrainingLibraries() throws Exception {
    Result result = run("--debug", "serve", "--model", "train");
    assertFalse(result.out().contains("/training/"), result.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"train", "evaluate", "classify", "merge", "export"})
  void run_otherCommands_haveTheTrainingLibraries(String command) throws Exception {
    Result result = run(command, "serve");
    assertTrue(result.out().contains("/quarkus-app/quarkus-run.jar:"), result.out());
    assertTrue(result.out().contains("/training/*]\n"), result.out());
  }

  @Test
  void run_environment_isWhatTheProgramNeeds() throws Exception {
    Result result = run();
    assertTrue(result.out().contains("NUNCHI_HOME=" + project.toRealPath() + "\n"), result.out());
    assertTrue(result.out().contains("ORT_DISABLE_TELEMETRY=1\n"), result.out());
    assertTrue(result.out().contains("OPT_OUT_TRACKING=true\n"), result.out());
    assertTrue(result.out().contains("[--enable-native-access=ALL-UNNAMED]\n"), result.out());
    assertTrue(result.out().contains("[--sun-misc-unsafe-memory-access=allow]\n"), result.out());
  }

  @Test
  void cache_isMadeBesideTheFirstCommandAndUsedByTheNext() throws Exception {
    environment.remove("NUNCHI_AOT");
    assertFalse(run("serve").out().contains("AOTCache"));
    Path cache = awaitInBuild(".aot");
    Result second = run("classify");
    assertTrue(second.out().contains("[-XX:AOTCache=" + cache.toRealPath() + "]"), second.out());
    assertEquals("", second.err());
    assertEquals(List.of("rehearsal rehearse"), rehearsals());
  }

  @Test
  void cache_ofAnotherJdk_isNotUsedAndMadeAnew() throws Exception {
    environment.remove("NUNCHI_AOT");
    run();
    awaitInBuild(".aot");
    jdk("jdks/25", "25.0.4");
    assertFalse(run().out().contains("AOTCache"));
    while (rehearsals().size() < 2) {
      Thread.sleep(10);
    }
    assertEquals(1, builds().size());
  }

  @Test
  void cache_thatCannotBeMade_isNoErrorAndNotTriedAgain() throws Exception {
    environment.remove("NUNCHI_AOT");
    environment.put("REHEARSAL_FAILS", "1");
    run();
    Path log = awaitInBuild(".aot.log");
    while (!Files.readString(log).endsWith("failed\n")) {
      Thread.sleep(10);
    }
    Result second = run();
    assertEquals(0, second.exitCode());
    assertEquals("", second.err());
    assertEquals(1, rehearsals().size());
  }

  @Test
  void cache_switchedOff_isNeitherMadeNorUsed() throws Exception {
    run();
    assertFalse(run().out().contains("AOTCache"));
    assertFalse(Files.exists(folder.resolve("rehearsals")));
  }

  @Test
  void run_localeWithoutUtf8_getsOne() throws Exception {
    environment.put("LC_ALL", "C");
    String out = run().out();
    assertTrue(out.contains("\nLC_ALL=\nLANG=C.UTF-8\nLC_CTYPE=\nLC_MESSAGES=C\n"), out);
  }

  /// Java's own messages of errors of the system come translated else.
  @Test
  void run_localeOfAnotherLanguage_hasEnglishMessagesAndKeepsItsCharacters() throws Exception {
    // As of ko_KR.UTF-8, which may not be installed here.
    environment.put("LC_CTYPE", "C.UTF-8");
    environment.put("LC_MESSAGES", "C.UTF-8");
    String each = run().out();
    assertTrue(each.contains("\nLC_ALL=\nLANG=\nLC_CTYPE=C.UTF-8\nLC_MESSAGES=C\n"), each);
    environment.put("LC_CTYPE", "nowhere");
    environment.put("LC_ALL", "C.UTF-8");
    String all = run().out();
    assertTrue(all.contains("\nLC_ALL=\nLANG=C.UTF-8\nLC_CTYPE=\nLC_MESSAGES=C\n"), all);
  }

  @Test
  void run_javaOptions_goToJavaInOrder() throws Exception {
    environment.put("JAVA_OPTS", "-Xmx1g");
    environment.put("NUNCHI_JAVA_OPTS", "-Xmx8g -Dx=*");
    Result result = run();
    assertTrue(result.out().contains("\n[-Xmx1g]\n[-Xmx8g]\n[-Dx=*]\n"), result.out());
  }

  @Test
  void run_throughSymbolicLinksFromAnotherFolder_findsTheProject() throws Exception {
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere/bin"));
    Files.createSymbolicLink(elsewhere.resolve("direct"), project.resolve("nunchi"));
    Files.createSymbolicLink(elsewhere.resolve("nunchi"), Path.of("direct"));
    Result result = result(start(elsewhere, Path.of("./nunchi")));
    assertTrue(result.out().contains("NUNCHI_HOME=" + project.toRealPath() + "\n"), result.out());
  }

  @Test
  void jdk_noneOf25_saysWhatToInstall() throws Exception {
    environment.put("NUNCHI_JDKS", folder.resolve("jdks/17").toString());
    environment.put("JAVA_HOME", folder.resolve("jdks/17").toString());
    Files.createSymbolicLink(tools.resolve("java"), folder.resolve("jdks/17/bin/java"));
    Result result = run("serve");
    assertEquals(1, result.exitCode());
    assertEquals(NO_JDK, result.err());
    assertEquals("", result.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"21.0.2", "26", "250.1", "2.25"})
  void jdk_ofAnotherVersion_isNotTaken(String version) throws Exception {
    jdk("others/jdk", version);
    environment.put("NUNCHI_JDKS", folder.resolve("others").toString());
    assertEquals(NO_JDK, run().err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"25", "25.0.3", "25-ea", "25.0.1.1"})
  void jdk_of25_isTaken(String version) throws Exception {
    jdk("others/jdk", version);
    environment.put("NUNCHI_JDKS", folder.resolve("others").toString());
    assertTrue(run().out().startsWith("java " + version + "\n"));
  }

  @Test
  void jdk_withoutCompiler_isNotTaken() throws Exception {
    Files.delete(folder.resolve("jdks/25/bin/javac"));
    assertEquals(NO_JDK, run().err());
  }

  @Test
  void jdk_ofJavaHome_goesFirst() throws Exception {
    jdk("mine", "25.0.9");
    environment.put("JAVA_HOME", folder.resolve("mine").toString());
    assertTrue(run().out().startsWith("java 25.0.9\n"));
  }

  @Test
  void jdk_ofJavaOnThePath_goesBeforeTheUsualPlaces() throws Exception {
    jdk("mine", "25.0.9");
    Files.createSymbolicLink(tools.resolve("java"), folder.resolve("mine/bin/java"));
    assertTrue(run().out().startsWith("java 25.0.9\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ".sdkman/candidates/java/25-tem",
        ".jdks/temurin-25",
        "Library/Java/JavaVirtualMachines/x.jdk/Contents/Home"
      })
  void jdk_inTheUsualPlacesOfAUser_isFound(String place) throws Exception {
    environment.remove("NUNCHI_JDKS");
    jdk(place, "25.0.7");
    assertTrue(run().out().startsWith("java 25.0.7\n"));
  }

  private record Result(int exitCode, String out, String err) {}

  private Result run(String... arguments) throws Exception {
    return result(start(folder, project.resolve("nunchi"), arguments));
  }

  private Process start(Path from, Path launcher, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder process = new ProcessBuilder(command).directory(from.toFile());
    process.environment().clear();
    process.environment().putAll(environment);
    return process.start();
  }

  /// What a process said; its output is short enough for the pipes.
  private static Result result(Process process) throws Exception {
    int exitCode = process.waitFor();
    return new Result(
        exitCode,
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8),
        new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
  }

  private List<String> rehearsals() throws IOException {
    return Files.readAllLines(folder.resolve("rehearsals"));
  }

  /// The file of the build whose name ends so, once it is there; the test's timeout is the build's.
  private Path awaitInBuild(String ending) throws Exception {
    while (true) {
      try (Stream<Path> files = Files.list(buildFolders().getFirst())) {
        Optional<Path> file = files.filter(each -> each.toString().endsWith(ending)).findFirst();
        if (file.isPresent()) {
          return file.get();
        }
      }
      Thread.sleep(10);
    }
  }

  private List<String> builds() throws IOException {
    return Files.readAllLines(folder.resolve("mvn.log"));
  }

  private List<Path> buildFolders() throws IOException {
    try (Stream<Path> files = Files.list(project.resolve(".nunchi"))) {
      return files.filter(file -> Files.exists(file.resolve("stamp"))).sorted().toList();
    }
  }

  /// A JDK whose `java` tells its version, the environment and the arguments.
  private void jdk(String place, String version) throws IOException {
    Path jdk = folder.resolve(place);
    write(jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    script(jdk.resolve("bin/javac"), "#!/usr/bin/env bash\n");
    script(
        jdk.resolve("bin/java"),
        """
        #!/usr/bin/env bash
        for argument; do
          if [[ $argument == -XX:AOTCacheOutput=* ]]; then
            echo "rehearsal ${*: -1}" >>"$FOLDER/rehearsals"
            [[ -z ${REHEARSAL_FAILS:-} ]] || exit 1
            echo >"${argument#*=}"
            exit
          fi
        done
        echo "java %s"
        for name in NUNCHI_HOME NUNCHI_LAUNCHER ORT_DISABLE_TELEMETRY OPT_OUT_TRACKING \\
            LC_ALL LANG LC_CTYPE LC_MESSAGES; do
          echo "$name=${!name:-}"
        done
        printf '[%%s]\\n' "$@"
        if [[ -n ${JAVA_SHOWS_STREAMS:-} ]]; then
          {
            cat <&0 >/dev/null 2>&1 && echo "0 is readable" || echo "0 is not readable"
            echo 2>/dev/null >&5 && echo "1 is writable" || echo "1 is not writable"
            echo >&2 && echo "2 is writable" || echo "2 is not writable"
          } 5>&1 >"$FOLDER/streams"
        fi
        while [[ -n ${JAVA_WAITS_FOR:-} && ! -e $JAVA_WAITS_FOR ]]; do sleep 0.05; done
        exit "${JAVA_EXITS_WITH:-0}"
        """
            .formatted(version));
  }

  private static void script(Path file, String text) throws IOException {
    write(file, text);
    assertTrue(file.toFile().setExecutable(true));
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
