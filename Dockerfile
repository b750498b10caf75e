# The server on a Java virtual machine, with an ahead-of-time cache. No libtorch, no shell; see
# docs/images.md.
#
#   docker build -t nunchi .
#   docker run --rm --read-only --tmpfs /tmp -p 8080:8080 nunchi

FROM docker.io/library/eclipse-temurin:25-jdk AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends binutils libgomp1 maven \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /code
COPY pom.xml ./
COPY proto/ ./proto/
COPY src/main/ ./src/main/
ARG REVISION=""
RUN mvn -q -B -Dmaven.test.skip=true -Dgit.revision="$REVISION" package
COPY models/ ./models/
COPY LICENSE NOTICE ./
COPY src/image/ ./src/image/
# The whole of the image; the times of its files are this one, in seconds since 1970.
ARG SOURCE_DATE_EPOCH=0
RUN src/image/serving /image

FROM scratch
COPY --from=build /image/ /
ENV LC_ALL=C.UTF-8
ENV NUNCHI_HOME=/opt/nunchi
ENV ORT_DISABLE_TELEMETRY=1
ENV OPT_OUT_TRACKING=true
LABEL org.opencontainers.image.title="nunchi"
LABEL org.opencontainers.image.description="Serves Korean sentiment models over gRPC and REST"
# Of the code and of the built-in models; NOTICE has those of the libraries beside them.
LABEL org.opencontainers.image.licenses="Apache-2.0 AND MIT AND CC0-1.0"
WORKDIR /opt/nunchi
USER 1001:0
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/java/bin/java", "@/opt/nunchi/java.args"]
CMD ["serve"]
