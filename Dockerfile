# Plumbline in a container: docker build -t plumbline . && docker run -p 7700:7700 -p 7701:7701 -v plumbline:/var/lib/plumbline plumbline
FROM debian:bookworm-slim AS build
COPY deploy/packages.sh /src/deploy/packages.sh
RUN /src/deploy/packages.sh
COPY . /src
RUN cmake -S /src -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DPLUMBLINE_TESTS=OFF \
 && cmake --build /build --target plumblined plumbline \
 && strip /build/bin/plumblined /build/bin/plumbline

FROM debian:bookworm-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends \
      ca-certificates curl libabsl20220623 libcivetweb1 libcsv3 libgrpc++1.51 libprotobuf32 \
      libprometheus-cpp-core1.0 librocksdb7.8 zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --home-dir /var/lib/plumbline --create-home --shell /usr/sbin/nologin plumbline
COPY --from=build /build/bin/plumblined /build/bin/plumbline /usr/bin/
USER plumbline
VOLUME /var/lib/plumbline
EXPOSE 7700 7701
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD curl -fsS http://127.0.0.1:7701/healthz || exit 1
# Inside a container the network is the operator's: without TLS files this says so aloud.
ENTRYPOINT ["/usr/bin/plumblined", "--data_dir", "/var/lib/plumbline"]
CMD ["--grpc_address", "0.0.0.0:7700", "--http_address", "0.0.0.0:7701", "--allow_insecure"]
