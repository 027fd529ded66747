# One image for web, worker, heavy, beat and migrate; a second, small one shows MLflow. `docker compose build` makes both.
FROM python:3.12-slim-bookworm AS tools
ARG UV_VERSION=0.13.9
RUN python -m pip install --no-cache-dir --disable-pip-version-check uv==${UV_VERSION} \
 && python -m venv --without-pip /opt/venv

FROM tools AS mlflow-build
COPY deploy/mlflow/requirements.lock /tmp/requirements.lock
RUN uv pip install --no-cache --python /opt/venv/bin/python --require-hashes --compile-bytecode -r /tmp/requirements.lock

FROM python:3.12-slim-bookworm AS mlflow
# A new volume takes its owner from the image that mounts it first, so both images make the folder for the same user.
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin portal \
 && install -d -o portal -g portal /data/mlflow
COPY --from=mlflow-build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    DO_NOT_TRACK=true \
    MLFLOW_DISABLE_TELEMETRY=true \
    MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false
USER 10001
WORKDIR /home/portal
EXPOSE 5000
CMD ["mlflow", "server", "--host", "0.0.0.0", "--port", "5000", "--workers", "1"]

# What draws the charts: one file of npm's package, checked by its digest, from npm's registry or a mirror of it. No npm
# and no Node leaves this stage.
FROM python:3.12-slim-bookworm AS charts
ARG npm_config_registry
WORKDIR /srv/charts
COPY deploy/npm deploy/npm
COPY dropout_portal/plotly_files.py dropout_portal/
RUN python -m venv /opt/charts \
 && /opt/charts/bin/python -P dropout_portal/plotly_files.py

FROM tools AS portal-build
WORKDIR /srv/portal
COPY requirements.lock ./
# Without bytecode the first start of every process would compile half of SciPy.
RUN uv pip install --no-cache --python /opt/venv/bin/python --require-hashes --compile-bytecode -r requirements.lock
COPY --from=charts /opt/charts/share /opt/venv/share
COPY . .
# Settings want a key and addresses; collecting files uses neither, so these lead nowhere and stay in this layer.
RUN /opt/venv/bin/python -m compileall -q . \
 && SECRET_KEY="$(head -c 48 /dev/urandom | base64 -w 0)" \
    DATABASE_URL=postgres://nobody@nowhere.invalid/none \
    REDIS_URL=redis://nowhere.invalid \
    STATIC_ROOT=/srv/portal/static-collected \
    /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
 && rm -rf var

FROM python:3.12-slim-bookworm AS portal
# LightGBM's wheel links the system's OpenMP library.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libgomp1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home --shell /usr/sbin/nologin portal \
 && install -d -o portal -g portal /data/files /data/mlflow /srv/portal/var
COPY --from=portal-build /opt/venv /opt/venv
COPY --from=portal-build /srv/portal /srv/portal
ARG CODE_VERSION=unknown
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    MKL_NUM_THREADS=1 \
    OMP_WAIT_POLICY=passive \
    BIND=0.0.0.0 \
    PORT=8000 \
    FILES_DIR=/data/files \
    MLFLOW_ARTIFACTS_DIR=/data/mlflow \
    STATIC_ROOT=/srv/portal/static-collected \
    CODE_VERSION=${CODE_VERSION}
USER 10001
WORKDIR /srv/portal
EXPOSE 8000
ENTRYPOINT ["deploy/entrypoint.sh"]
CMD ["web"]
