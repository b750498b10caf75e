package dev.nunchi.hub;

/// Hears how far a pull is, on several threads at a time.
public interface PullListener {
  /// Says nothing to nobody.
  PullListener NONE =
      new PullListener() {
        @Override
        public void planned(String what, long bytes) {}

        @Override
        public void found(long bytes) {}

        @Override
        public void received(long bytes) {}

        @Override
        public void lost(long bytes) {}

        @Override
        public void noted(String sentence) {}

        @Override
        public void ended() {}
      };

  /// What is to come; again where more has become known.
  ///
  /// @param what one line for people: the model, its revision, its licence
  /// @param bytes of all its files
  void planned(String what, long bytes);

  /// @param bytes that were here already
  void found(long bytes);

  /// @param bytes that came since the last call
  void received(long bytes);

  /// @param bytes that were found or came, and have to come again
  void lost(long bytes);

  /// Something that did not go as it should, and goes on.
  void noted(String sentence);

  /// Nothing more comes.
  void ended();
}
