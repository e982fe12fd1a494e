package host

import "context"

// snapshot is an instance's whole state: linear memory, and the module's mutable globals, which hold where Go's stack lies.
// Memory alone gives clones that die in the garbage collector.
type snapshot struct {
	image    *image
	globals  []uint64
	buffers  buffers
	applied  int
	revision string
	users    int // of a pool's: the pool, and clones in the making
}

// snapshot freezes the state of i, which goes on as it was.
func (i *instance) snapshot() (*snapshot, error) {
	img, err := i.linear.freeze()
	if err != nil {
		return nil, err
	}
	s := &snapshot{image: img, buffers: i.buffers, applied: i.applied, revision: i.revision}
	for _, g := range i.globals {
		s.globals = append(s.globals, g.Get())
	}
	return s, nil
}

// clone makes an instance that goes on from s.
func (r *Runtime) clone(ctx context.Context, s *snapshot) (*instance, error) {
	i, err := r.instantiate(ctx, false)
	if err != nil {
		return nil, err
	}
	if err := i.restore(s); err != nil {
		i.close()
		return nil, err
	}
	return i, nil
}

func (i *instance) restore(s *snapshot) error {
	const page = 1 << 16
	if more := s.image.size - uint64(i.memory.Size()); more > 0 {
		if _, ok := i.memory.Grow(uint32(more / page)); !ok {
			return &Error{Code: CodeTooLarge, Message: "no memory for another instance"}
		}
	}
	if err := i.linear.adopt(s.image); err != nil {
		return err
	}
	for n, g := range i.globals {
		g.Set(s.globals[n])
	}
	i.buffers, i.applied, i.revision = s.buffers, s.applied, s.revision
	return nil
}
