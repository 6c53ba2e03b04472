"""Take it with you: bundles that are captured, built and verified. Called by the command line and server/replicas.py.

Importing this imports nothing else. What to call, each in a thread of its own where a server asks:

* ``replicate.capture.environment.capture_environment(destination, *, python=None, created=None,
  progress=None, cancelled=None, …) -> Captured`` writes a bundle of an environment.
* ``replicate.capture.environment.estimate_environment(*, python=None) -> Estimate`` says how much
  there is to capture, in milliseconds.
* ``replicate.capture.distributions.listed(python=None)`` names what is installed, faster than
  ``importlib.metadata``.
* ``replicate.bundle.opened(place, work=None, *, identity=None)`` opens a bundle, for as long as the
  `with` block lasts; of what it gives, ``replicate.targets.local.build(bundle, directory, work,
  python=None) -> Built`` makes a working environment.
* ``replicate.verify.verify(bundle, *, built=None, python=None, rebuild=False, up_to="V8", trust=None,
  progress=None, cancelled=None) -> Verification`` climbs the ladder;
  ``replicate.verify.report.write(verification)`` writes the report beside the bundle.
* ``replicate.importers.recorded.write_bundle(record, destination, *, api=None, people=False, …)``
  writes a bundle of a hub from the record that the hub wrote (``hub.record``), or that
  ``replicate.importers.config_file.read(place, work)`` makes of its file; ``replicate.targets.hub_local``
  and ``.tljh`` have `plan` and `build` for it, and ``replicate.drill`` does all of it in one go.
* ``replicate.evidence.environment.look(interpreter, environ, home)`` and, of a hub's record or files,
  ``replicate.evidence.hub.layers_of(configuration)`` say what is open, tied or not known;
  ``replicate.evidence.layers.put_together`` makes one sheet of both.
* ``replicate.inspect.inspected(bundle)``, of an opened one, and ``replicate.diff.diff(a, b=None)``, of
  places, look and compare; ``replicate.hub_diff.compare(a, b)`` and ``own(a)`` do so for opened bundles
  of hubs, value by value. They execute nothing of a bundle.

A `work` is a ``replicate.work.Work(progress, cancelled)``. `progress` is called with (done, total, what), at most ten times a second; `cancelled` is called as
often, and ends the work by returning True or by raising. What a caller must expect is in
``replicate.errors``: `ReplicateError` says what happened, why and what to do; `Cancelled` that it
was asked to stop. Neither leaves anything behind that looks like a bundle.
"""
