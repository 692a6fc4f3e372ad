# heapwatchd as a container: beside the apps of a host (--pid=host) or as a sidecar that shares the
# pid namespace of one (--pid=container:APP). Both stages install from script/packages.
#
#   docker build -t heapwatch .

FROM debian:bookworm-slim AS build
COPY script/packages script/bootstrap /source/script/
RUN /source/script/bootstrap build runtime
COPY . /source
WORKDIR /source/build-image
# The history is not copied; give --build-arg REVISION=$(git rev-parse --short=12 HEAD).
ARG REVISION=unknown
RUN ../autogen.sh \
    && ../configure --quiet --prefix=/usr --sysconfdir=/etc --localstatedir=/var REVISION="$REVISION" \
    && make -j"$(nproc)" all \
    && { make check || { cat test-suite.log >&2; exit 1; }; } \
    && make install-strip DESTDIR=/installed

FROM debian:bookworm-slim
COPY script/packages script/bootstrap /tmp/script/
# Only the state is its own; an app's files are read as any other user would.
RUN /tmp/script/bootstrap runtime \
    && rm -rf /tmp/script /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/* \
    && install -d -o 10765 -g 10765 -m 0750 /var/lib/heapwatch
COPY --from=build /installed/usr/sbin/heapwatchd /usr/sbin/heapwatchd
COPY --from=build /installed/usr/bin/heapwatch /usr/bin/heapwatch
COPY --from=build /installed/usr/share/heapwatch /usr/share/heapwatch
# An own uid, in numbers for runAsNonRoot. With --user set to the app's uid, or with
# --cap-add=SYS_PTRACE,DAC_READ_SEARCH, it reads more (SECURITY.md).
USER 10765:10765
VOLUME /var/lib/heapwatch
EXPOSE 10765
# The endpoint itself is asked, through bash's own TCP: no client is added to the image, and a daemon
# whose loop hangs is as unhealthy as one that is gone. Override it with another listen address.
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 \
    CMD ["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/10765 && printf 'GET /-/healthy HTTP/1.0\\r\\n\\r\\n' >&3 && read -r -t 4 _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["/usr/sbin/heapwatchd"]
