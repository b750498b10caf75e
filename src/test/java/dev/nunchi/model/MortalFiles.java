package dev.nunchi.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.StandardOpenOption;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The files of the machine as a process sees them that dies between two changes: after a number of
/// changes each further one fails, and nothing more happens.
///
/// With the process the power may go: what was written and not synced is then cut at a random
/// place. Syncing itself is only noted, so that hundreds of lives pass in seconds.
public final class MortalFiles extends FileSystemProvider {
  private final FileSystem system = new MortalFileSystem();
  private final Random random;
  private final Set<Path> unsynced = Collections.synchronizedSet(new HashSet<>());
  private long left;

  /// @param changes how many succeed
  public MortalFiles(long changes, Random random) {
    this.left = changes;
    this.random = random;
  }

  /// The path as the mortal process sees it.
  public Path of(Path path) {
    return new MortalPath(path.toAbsolutePath());
  }

  /// Whether a change has failed.
  public synchronized boolean isDead() {
    return left < 0;
  }

  /// Cuts what was not synced.
  public void losePower() throws IOException {
    for (Path file : Set.copyOf(unsynced)) {
      if (Files.isRegularFile(file) && random.nextBoolean()) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.truncate(random.nextLong(channel.size() + 1));
        }
      }
    }
  }

  private void change() throws IOException {
    synchronized (this) {
      left = left > 0 ? left - 1 : -1;
    }
    if (isDead()) {
      throw new IOException("the process has died");
    }
    Thread.yield();
  }

  private static Path real(Path path) {
    return path instanceof MortalPath mortal ? mortal.real : path;
  }

  private static boolean writes(Set<? extends OpenOption> options) {
    return options.contains(StandardOpenOption.WRITE)
        || options.contains(StandardOpenOption.APPEND);
  }

  @Override
  public FileChannel newFileChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    if (writes(options)) {
      change();
    }
    return new MortalChannel(real(path), FileChannel.open(real(path), options, attributes));
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    return newFileChannel(path, options, attributes);
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path directory, DirectoryStream.Filter<? super Path> filter) throws IOException {
    DirectoryStream<Path> entries = Files.newDirectoryStream(real(directory));
    return new DirectoryStream<>() {
      @Override
      public Iterator<Path> iterator() {
        Iterator<Path> each = entries.iterator();
        return new Iterator<>() {
          @Override
          public boolean hasNext() {
            return each.hasNext();
          }

          @Override
          public Path next() {
            return new MortalPath(each.next());
          }
        };
      }

      @Override
      public void close() throws IOException {
        entries.close();
      }
    };
  }

  @Override
  public void createDirectory(Path directory, FileAttribute<?>... attributes) throws IOException {
    change();
    Files.createDirectory(real(directory), attributes);
  }

  @Override
  public void delete(Path path) throws IOException {
    change();
    Files.delete(real(path));
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) throws IOException {
    change();
    Files.copy(real(source), real(target), options);
    unsynced.add(real(target));
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    change();
    Files.move(real(source), real(target), options);
    for (Path file : Set.copyOf(unsynced)) {
      if (file.startsWith(real(source))) {
        unsynced.remove(file);
        unsynced.add(real(target).resolve(real(source).relativize(file)));
      }
    }
  }

  @Override
  public boolean isSameFile(Path path, Path other) throws IOException {
    return Files.isSameFile(real(path), real(other));
  }

  @Override
  public boolean isHidden(Path path) throws IOException {
    return Files.isHidden(real(path));
  }

  @Override
  public FileStore getFileStore(Path path) throws IOException {
    return Files.getFileStore(real(path));
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    real(path).getFileSystem().provider().checkAccess(real(path), modes);
  }

  @Override
  public <V extends FileAttributeView> V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return Files.getFileAttributeView(real(path), type, options);
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    return Files.readAttributes(real(path), type, options);
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options)
      throws IOException {
    return Files.readAttributes(real(path), attributes, options);
  }

  @Override
  public void setAttribute(Path path, String attribute, Object value, LinkOption... options)
      throws IOException {
    change();
    Files.setAttribute(real(path), attribute, value, options);
  }

  @Override
  public String getScheme() {
    return "mortal";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Path getPath(URI uri) {
    throw new UnsupportedOperationException();
  }

  private final class MortalChannel extends FileChannel {
    private final Path file;
    private final FileChannel channel;

    private MortalChannel(Path file, FileChannel channel) {
      this.file = file;
      this.channel = channel;
    }

    /// The write that death interrupts leaves half of its bytes.
    private void writing(ByteBuffer source) throws IOException {
      unsynced.add(file);
      try {
        change();
      } catch (IOException e) {
        if (channel.isOpen() && source.remaining() > 1 && left == -1) {
          channel.write(source.duplicate().limit(source.position() + source.remaining() / 2));
        }
        throw e;
      }
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      return channel.read(target);
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
      return channel.read(targets, offset, length);
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      writing(source);
      return channel.write(source);
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
      writing(sources[offset]);
      return channel.write(sources, offset, length);
    }

    @Override
    public long position() throws IOException {
      return channel.position();
    }

    @Override
    public FileChannel position(long position) throws IOException {
      channel.position(position);
      return this;
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
      change();
      channel.truncate(size);
      return this;
    }

    @Override
    public void force(boolean metadata) {
      unsynced.remove(file);
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target)
        throws IOException {
      return channel.transferTo(position, count, target);
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count)
        throws IOException {
      change();
      unsynced.add(file);
      return channel.transferFrom(source, position, count);
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      return channel.read(target, position);
    }

    @Override
    public int write(ByteBuffer source, long position) throws IOException {
      change();
      unsynced.add(file);
      return channel.write(source, position);
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
      return channel.map(mode, position, size);
    }

    @Override
    public MemorySegment map(MapMode mode, long offset, long size, Arena arena) throws IOException {
      return channel.map(mode, offset, size, arena);
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) throws IOException {
      return channel.lock(position, size, shared);
    }

    @Override
    public @Nullable FileLock tryLock(long position, long size, boolean shared) throws IOException {
      return channel.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
      channel.close();
    }
  }

  private final class MortalFileSystem extends FileSystem {
    @Override
    public FileSystemProvider provider() {
      return MortalFiles.this;
    }

    @Override
    public void close() {}

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public boolean isReadOnly() {
      return false;
    }

    @Override
    public String getSeparator() {
      return "/";
    }

    @Override
    public Iterable<Path> getRootDirectories() {
      return Set.of(new MortalPath(Path.of("/")));
    }

    @Override
    public Iterable<FileStore> getFileStores() {
      return Set.of();
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
      return Set.of("basic", "posix");
    }

    @Override
    public Path getPath(String first, String... more) {
      return new MortalPath(Path.of(first, more));
    }

    @Override
    public PathMatcher getPathMatcher(String pattern) {
      PathMatcher matcher = Path.of("").getFileSystem().getPathMatcher(pattern);
      return path -> matcher.matches(real(path));
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
      throw new UnsupportedOperationException();
    }

    @Override
    public WatchService newWatchService() {
      throw new UnsupportedOperationException();
    }
  }

  private final class MortalPath implements Path {
    private final Path real;

    private MortalPath(Path real) {
      this.real = real;
    }

    private Path mortal(Path path) {
      return new MortalPath(path);
    }

    private @Nullable Path mortalOrNull(@Nullable Path path) {
      return path == null ? null : new MortalPath(path);
    }

    @Override
    public FileSystem getFileSystem() {
      return system;
    }

    @Override
    public boolean isAbsolute() {
      return real.isAbsolute();
    }

    @Override
    public @Nullable Path getRoot() {
      return mortalOrNull(real.getRoot());
    }

    @Override
    public @Nullable Path getFileName() {
      return mortalOrNull(real.getFileName());
    }

    @Override
    public @Nullable Path getParent() {
      return mortalOrNull(real.getParent());
    }

    @Override
    public int getNameCount() {
      return real.getNameCount();
    }

    @Override
    public Path getName(int index) {
      return mortal(real.getName(index));
    }

    @Override
    public Path subpath(int begin, int end) {
      return mortal(real.subpath(begin, end));
    }

    @Override
    public boolean startsWith(Path other) {
      return real.startsWith(real(other));
    }

    @Override
    public boolean endsWith(Path other) {
      return real.endsWith(real(other));
    }

    @Override
    public Path normalize() {
      return mortal(real.normalize());
    }

    @Override
    public Path resolve(Path other) {
      return mortal(real.resolve(real(other)));
    }

    @Override
    public Path relativize(Path other) {
      return mortal(real.relativize(real(other)));
    }

    @Override
    public URI toUri() {
      return real.toUri();
    }

    @Override
    public Path toAbsolutePath() {
      return mortal(real.toAbsolutePath());
    }

    @Override
    public Path toRealPath(LinkOption... options) throws IOException {
      return mortal(real.toRealPath(options));
    }

    @Override
    public java.io.File toFile() {
      return real.toFile();
    }

    @Override
    public WatchKey register(
        WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int compareTo(Path other) {
      return real.compareTo(real(other));
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof MortalPath path && path.real.equals(real);
    }

    @Override
    public int hashCode() {
      return real.hashCode();
    }

    @Override
    public String toString() {
      return real.toString();
    }
  }
}
