package api

func (s *Server) userRoutes() []declared { return nil }
