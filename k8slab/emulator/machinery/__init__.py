"""What every controller needs: watched copies of objects, a work queue, events, and a runner."""
